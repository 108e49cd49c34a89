# SPDX-License-Identifier: Apache-2.0
# What the service scripts share: packages into .cache, processes by the id in a file. Sourced, not run.
#   name=kafka; . lib.sh "$@"      sets command, dir, port, rest; then the script defines its own parts
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$here/versions"

command=${1:-}
[ $# -eq 0 ] || shift
dir=${TMPDIR:-/tmp}/forebay-$name port=$default_port rest=()
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=$2; shift 2 ;;
    --port) port=$2; shift 2 ;;
    *) rest+=("$1"); shift ;;
  esac
done
lib=$top/.cache/services/$name-$version
[ ! -s "$dir/port" ] || port=$(cat "$dir/port")

say() { echo "$name: $*" >&2; }
die() { say "$*"; exit 1; }

# The packages, once; needs the network, so call it outside a network namespace.
fetch() {
  [ ! -e "$lib/complete" ] || return 0
  command -v mvn >/dev/null && command -v java >/dev/null || die "needs maven and java (config/host/install-packages test)"
  say "fetching $version from Maven Central"
  mkdir -p "$lib"
  mvn -q -B -f "$here/poms/$name.xml" -DKAFKA_VERSION="$KAFKA_VERSION" -DHADOOP_VERSION="$HADOOP_VERSION" \
    -DSLF4J_VERSION="$SLF4J_VERSION" -Dmaven.repo.local="$top/.cache/maven" \
    dependency:copy-dependencies -DoutputDirectory="$lib" -DincludeScope=runtime >"$lib/log" 2>&1 ||
    { tail -n 20 "$lib/log" >&2; die "the packages could not be fetched"; }
  touch "$lib/complete"
}

alive() { [ -s "$dir/$1.pid" ] && kill -0 "$(cat "$dir/$1.pid")" 2>/dev/null; }
launch() { # PROCESS COMMAND…
  local process=$1
  shift
  setsid "$@" >>"$dir/$process.log" 2>&1 </dev/null &
  echo $! >"$dir/$process.pid"
}
signal() { # SIGNAL PROCESS…
  local sig=$1 process
  shift
  for process in "$@"; do ! alive "$process" || kill "-$sig" "$(cat "$dir/$process.pid")"; done
}
gone() { # PROCESS…: waits until they have ended; after 20 s they are killed
  local process _
  for process in "$@"; do
    for _ in $(seq 200); do alive "$process" || break; sleep 0.1; done
    ! alive "$process" || kill -KILL "$(cat "$dir/$process.pid")"
    rm -f "$dir/$process.pid"
  done
}
wait_until() { # SECONDS FUNCTION
  local _
  for _ in $(seq $(($1 * 5))); do
    ! "$2" >/dev/null 2>&1 || return 0
    for process in "${processes[@]}"; do
      alive "$process" || { tail -n 20 "$dir/$process.log" >&2; die "$process has ended by itself"; }
    done
    sleep 0.2
  done
  for process in "${processes[@]}"; do tail -n 20 "$dir/$process.log" >&2; done
  die "not ready after $1 s"
}

# up, down and the rest are the same for all: format once, start, wait until it truly answers.
main() {
  case $command in
    fetch) fetch ;;
    up)
      fetch
      mkdir -p "$dir"
      echo "$port" >"$dir/port"
      if [ ! -e "$dir/formatted" ]; then configure; format; touch "$dir/formatted"; fi
      start
      ready
      ;;
    start) start; ready ;;
    stop) signal TERM "${processes[@]}"; signal CONT "${processes[@]}"; gone "${processes[@]}" ;;
    kill) signal KILL "${processes[@]}"; gone "${processes[@]}" ;;
    pause) signal STOP "${processes[@]}" ;;
    resume) signal CONT "${processes[@]}" ;;
    status)
      for process in "${processes[@]}"; do
        alive "$process" && echo "$process: process $(cat "$dir/$process.pid")" || { echo "$process: down"; exit 1; }
      done
      ;;
    down)
      signal TERM "${processes[@]}"
      signal CONT "${processes[@]}"
      gone "${processes[@]}"
      case $dir in /*/*) rm -rf "$dir" ;; esac
      ;;
    *) own_command ;;
  esac
}
