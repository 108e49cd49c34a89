# SPDX-License-Identifier: Apache-2.0
# Helpers of the system tests: two network namespaces of this run's own with a veth pair between them, one appliance in
# `rx`, kernel senders in `tx`. Sourced, not run. Everything it starts or makes is undone on exit.
#
#   need_root                    skips (exit 77) without root
#   lab_up [QUEUES]              namespaces, veth: fbr (appliance, no kernel address), fbt (sender, 10.9.0.2/24)
#   appliance_config [KEY=TEXT]  writes $lab/forebay.yaml; QUEUES, WORKERS, EXTRA, FRAMING, CHECKSUM, KERNELS as variables
#   appliance_start [ARG…]       starts forebayd, waits until it answers; appliance_stop: SIGTERM and wait
#   fb ARG…                      the CLI, talking to that appliance
#   tx COMMAND…, rx COMMAND…     runs a command in a namespace
#   get JSON-PATH < json         a value of a JSON text: get .streams[0].counters.datagrams
#   expect WHAT WANT GOT         fails the test unless equal
#   ledger_balanced              the appliance's ledger adds up to the record
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${FB_BUILD:-$top/build/release}
forebay=$build/control/cli/forebay
forebayd=$build/control/daemon/forebayd
oracle=$top/tests/system/oracle

lab=$(mktemp -d "${TMPDIR:-/tmp}/forebay-system.XXXXXX")
ns_rx=fbr$$ ns_tx=fbt$$
daemon_pid=
export FOREBAY_SOCKET=$lab/forebay.sock

lab_down() {
  local rc=$?
  set +e
  [ -z "$daemon_pid" ] || { kill -9 "$daemon_pid" && wait "$daemon_pid"; } 2>/dev/null
  declare -F test_cleanup >/dev/null && test_cleanup
  ip netns del "$ns_rx" 2>/dev/null
  ip netns del "$ns_tx" 2>/dev/null
  if [ $rc -ne 0 ] && [ $rc -ne 77 ] && [ -s "$lab/forebayd.log" ]; then
    echo "--- the appliance's log ends with:"
    tail -n 30 "$lab/forebayd.log"
  fi
  [ -n "${FB_KEEP_LAB:-}" ] || rm -rf "$lab"
  exit $rc
}
trap lab_down EXIT

fail() { echo "FAILED: $*"; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: expected $2, got $3"; echo "ok: $1: $3"; }
need_root() { [ "$(id -u)" -eq 0 ] || { echo "needs root for network namespaces"; exit 77; }; }
tx() { ip netns exec "$ns_tx" "$@"; }
rx() { ip netns exec "$ns_rx" "$@"; }
fb() { "$forebay" "$@"; }

get() {
  python3 -c '
import json, re, sys
value = json.load(sys.stdin)
for key, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", sys.argv[1]):
    value = value[key] if key else value[int(index)]
print(value if not isinstance(value, bool) else str(value).lower())' "$1"
}

lab_up() {
  local queues=${1:-1} ns
  for ns in "$ns_rx" "$ns_tx"; do
    ip netns add "$ns"
    ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$ns" link set lo up
  done
  ip link add fbr netns "$ns_rx" numrxqueues "$queues" numtxqueues "$queues" type veth \
    peer name fbt netns "$ns_tx" numrxqueues "$queues" numtxqueues "$queues"
  ip -n "$ns_rx" link set fbr address 02:00:00:00:00:02 up
  ip -n "$ns_tx" link set fbt up
  ip -n "$ns_tx" addr add 10.9.0.2/24 dev fbt
  # Otherwise the kernel leaves UDP checksums for hardware that is not there.
  ip netns exec "$ns_tx" ethtool -K fbt tx off >/dev/null
}

appliance_config() {
  cat >"$lab/forebay.yaml" <<YAML
name: system-test
store:
  path: $lab/store
http:
  socket: $FOREBAY_SOCKET
  listen: "${LISTEN:-}"
cores:
  main: 0
  workers: ${WORKERS:-[1]}
kernels: ${KERNELS:-auto}
ports:
  - name: p0
    device: net_af_packet0,iface=fbr
    addresses: [10.9.0.1/24]
    queues: ${QUEUES:-1}
    checksum: ${CHECKSUM:-drop}
streams:
  - table: people
    port: p0
    udp_port: 5000
    framing: ${FRAMING:-newline}
${EXTRA:-}
YAML
}

appliance_start() {
  # Not through rx: the process of a function in the background would be the shell.
  ip netns exec "$ns_rx" "$forebayd" --config "$lab/forebay.yaml" "$@" >>"$lab/forebayd.log" 2>&1 &
  daemon_pid=$!
  local _
  for _ in $(seq 150); do
    kill -0 "$daemon_pid" 2>/dev/null || fail "forebayd did not start"
    ! fb status >/dev/null 2>&1 || return 0
    sleep 0.1
  done
  fail "forebayd does not answer"
}

appliance_stop() {
  kill -TERM "$daemon_pid"
  local rc=0
  wait "$daemon_pid" || rc=$?
  daemon_pid=
  expect "exit code of forebayd after SIGTERM" 0 $rc
}

# Waits until what was sent has been counted (or 10 s have passed): WHAT is a JSON path of `status`.
wait_for() { # JSON-PATH VALUE
  local _ now=
  for _ in $(seq 100); do
    now=$(fb status -o json | get "$1")
    [ "$now" != "$2" ] || return 0
    sleep 0.1
  done
  fail "$1 is $now after 10 s, expected $2"
}

ledger_balanced() {
  fb ledger >"$lab/ledger.txt" || { cat "$lab/ledger.txt"; fail "the ledger does not balance"; }
  echo "ok: the ledger balances"
}

people_table() { # the source table of most tests
  cat <<'SQL'
SET 'execution.checkpointing.interval' = '1 s';
CREATE TABLE people (id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING, phone STRING,
  address STRING, city STRING, country STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
WITH ('connector'='udp', 'port'='5000', 'format'='csv');
SQL
}

city_query() { # DELIVERY-OPTIONS: the WITH clause of the sink
  people_table
  cat <<SQL
CREATE TABLE cities (ws TIMESTAMP(3), we TIMESTAMP(3), city STRING, n BIGINT, s INT, lo INT, hi INT, a INT) WITH ($1);
INSERT INTO cities SELECT window_start, window_end, city, COUNT(*), SUM(age), MIN(age), MAX(age), AVG(age)
FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, city;
SQL
}
