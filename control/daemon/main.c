/* SPDX-License-Identifier: Apache-2.0 */
/* forebayd: the appliance as a process. Start, signals, watchdog, stop. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "config/appliance/appliance.h"
#include "config/base/calendar.h"
#include "config/sql/sql.h"
#include "control/api/api.h"
#include "control/daemon/log.h"
#include "control/daemon/watch.h"
#include "control/metrics/metrics.h"

#define APPLY_MAX 64
#define SQL_BYTES_MAX (2u << 20)
#define LOOK_INTERVAL_NS 1000000000
/* What a stop gives the sinks; what they have not taken by then stays in the store. */
#define SINK_TIMEOUT_MS 10000

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

struct options {
	const char *config;
	const char *apply[APPLY_MAX];
	uint32_t apply_cnt;
	bool check;
	bool repair;
	enum fb_log_level level;
};

static const char usage[] =
	"usage: forebayd --config FILE [--apply PIPELINE.sql]… [--log-level LEVEL]\n"
	"       forebayd --check --config FILE [--apply PIPELINE.sql]…\n"
	"       forebayd --repair --config FILE\n"
	"       forebayd --sample | --settings | --metrics-doc | --version | --help\n"
	"\n"
	"Runs the appliance in the foreground and logs to standard error.\n"
	"\n"
	"  -c, --config FILE        the appliance file (YAML)\n"
	"  -a, --apply FILE         apply a pipeline before the first packet is taken; may be "
	"given again\n"
	"      --check              check the files, start nothing\n"
	"      --repair             make the store anew of what the raw log of a damaged one still has; "
	"start nothing\n"
	"      --log-level LEVEL    error, warning, info (default) or debug\n"
	"      --sample             print an appliance file with every setting and its default\n"
	"      --settings           print every setting: type, bounds, default, meaning\n"
	"      --metrics-doc        print every metric of /metrics\n"
	"      --version            print the version\n"
	"  -h, --help               print this\n"
	"\n"
	"SIGTERM, SIGINT   stop in order: open windows are kept in the store and go on after the "
	"next start,\n"
	"                  sinks get 10 s to take what is due, the ledger is written. A second "
	"signal ends at once.\n"
	"Exit status: 0 stopped in order, 1 could not start, the ledger does not "
	"balance, or what was open could not be kept; 2 "
	"wrong usage.\n"
	"See forebayd(8).\n";

/* ---- files ---- */

/* The whole file, terminated; NULL with a line in the log. */
static char *read_file(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;

	if (file != NULL && (text = malloc(SQL_BYTES_MAX + 1)) != NULL) {
		len = fread(text, 1, SQL_BYTES_MAX, file);
		text[len] = '\0';
		if (!ferror(file) && (len < SQL_BYTES_MAX || fgetc(file) == EOF)) {
			fclose(file);
			*ret_len = len;
			return text;
		}
		errno = ferror(file) ? EIO : EFBIG;
	}
	fb_log(FB_LOG_ERROR, "%s: %s", path, strerror(errno));
	free(text);
	if (file != NULL)
		fclose(file);
	return NULL;
}

static int load_appliance(const char *path, struct fb_appliance **ret)
{
	struct fb_diags diags;
	int rc;

	fb_diags_init(&diags, path);
	rc = fb_appliance_load(path, &diags, ret);
	if (diags.cnt > 0) {
		FILE *file = fopen(path, "re");
		char *text = NULL;
		size_t len;

		if (file != NULL) {
			fclose(file);
			text = read_file(path, &len);
		}
		fb_log_diags(&diags, text);
		free(text);
	}
	fb_diags_fini(&diags);
	return rc;
}

static int check_pipeline(const char *path)
{
	struct fb_plan *plan = NULL;
	struct fb_diags diags;
	size_t len;
	char *text = read_file(path, &len);
	int rc;

	if (text == NULL)
		return FB_E_IO;
	fb_diags_init(&diags, path);
	rc = fb_sql_plan(path, (struct fb_str){text, (uint32_t)len}, &diags, &plan);
	fb_log_diags(&diags, text);
	if (rc == 0)
		fb_plan_destroy(plan);
	fb_diags_fini(&diags);
	free(text);
	return rc;
}

/* A pipeline of the same text that came back from the store is the one that is meant. */
static bool is_running(struct fb_engine *engine, const char *text)
{
	struct fb_engine_view view;
	bool found = false;

	if (fb_engine_view(engine, &view) != 0)
		return false;
	for (uint32_t i = 0; i < view.pipeline_cnt; i++)
		if (strcmp(view.pipelines[i].sql, text) == 0) {
			fb_log(FB_LOG_INFO, "pipeline %s goes on where the last run stopped",
				view.pipelines[i].name);
			found = true;
		}
	fb_engine_view_fini(&view);
	return found;
}

static int apply_pipeline(struct fb_engine *engine, const char *path)
{
	struct fb_buf name = {0};
	struct fb_diags diags;
	size_t len;
	char *text = read_file(path, &len);
	int rc = 0;

	if (text == NULL)
		return FB_E_IO;
	if (!is_running(engine, text)) {
		fb_diags_init(&diags, path);
		rc = fb_engine_apply(
			engine, NULL, path, (struct fb_str){text, (uint32_t)len}, &diags, &name);
		fb_log_diags(&diags, text);
		fb_diags_fini(&diags);
		if (rc == 0)
			fb_log(FB_LOG_INFO, "pipeline %s applied from %s", name.p, path);
	}
	fb_buf_fini(&name);
	free(text);
	return rc;
}

/* ---- running ---- */

static void look(struct fb_engine *engine, struct fb_watch *watch)
{
	struct fb_engine_view view;
	struct fb_ledger ledger;

	if (fb_engine_view(engine, &view) != 0)
		return;
	if (fb_ledger_make(&view, &ledger) != 0) {
		fb_engine_view_fini(&view);
		return;
	}
	fb_watch_look(watch, &ledger);
	fb_ledger_fini(&ledger);
}

/* Signals are blocked in every thread and taken here, so that no handler runs in the middle of
 * anything. */
static void wait_for_signal(
	struct fb_engine *engine, struct fb_watch *watch, const sigset_t *signals)
{
	int64_t looked_ns = 0;
	struct timespec pause = {.tv_nsec = 200000000};

	for (;;) {
		int number = sigtimedwait(signals, NULL, &pause);

		if (number == SIGTERM || number == SIGINT) {
			fb_log(FB_LOG_INFO, "%s: stopping in order; a second one ends at once",
				strsignal(number));
			return;
		}
		if (number == SIGHUP)
			fb_log(FB_LOG_INFO, "SIGHUP: settings take effect at the start; pipelines "
					    "through `forebay apply`");
		if (fb_clock_monotonic_ns() - looked_ns >= LOOK_INTERVAL_NS) {
			looked_ns = fb_clock_monotonic_ns();
			look(engine, watch);
			/* Reached only while the engine answers. */
			sd_notify(0, "WATCHDOG=1");
		}
	}
}

static int repair(const struct fb_appliance *appliance)
{
	struct fb_buf report = {0};
	int rc = fb_engine_repair(appliance, &report);
	char *rest = report.p;

	for (char *line; rest != NULL && (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '\0')
			fb_log(FB_LOG_INFO, "%s", line);
	if (rc != 0)
		fb_log(FB_LOG_ERROR, "store %s was not repaired: %s", appliance->store.path, fb_strerror(rc));
	fb_buf_fini(&report);
	return rc == 0 ? EXIT_DONE : EXIT_FAILED;
}

static void end_at_once(int number)
{
	_exit(128 + number);
}

static int run(const struct options *options, const struct fb_appliance *appliance,
	const sigset_t *signals)
{
	struct fb_engine *engine = NULL;
	struct fb_recompute *recompute = NULL;
	struct fb_api *api = NULL;
	struct fb_watch *watch = fb_watch_create();
	struct fb_ledger ledger = {0};
	struct fb_diags diags;
	int kept = 0;
	int rc;

	if (watch == NULL)
		return EXIT_FAILED;
	fb_diags_init(&diags, options->config);
	rc = fb_engine_start(appliance, &diags, &engine);
	for (uint32_t i = 0; rc == 0 && i < options->apply_cnt; i++)
		rc = apply_pipeline(engine, options->apply[i]);
	if (rc == 0)
		rc = fb_recompute_start(engine, appliance, &recompute);
	if (rc == 0)
		rc = fb_api_start(engine, recompute, appliance, &diags, &api);
	if (rc == 0)
		rc = fb_engine_receive(engine, &diags);
	fb_log_diags(&diags, NULL);
	fb_diags_fini(&diags);
	if (rc == 0) {
		fb_log(FB_LOG_INFO, "forebay %s receives; API at %s%s%s", FB_VERSION,
			appliance->http.socket,
			appliance->http.listen[0] ? ", metrics at http://" : "",
			appliance->http.listen);
		sd_notify(0, "READY=1\nSTATUS=receiving");
		wait_for_signal(engine, watch, signals);
		sd_notify(0, "STOPPING=1\nSTATUS=stopping in order");
		signal(SIGTERM, end_at_once);
		signal(SIGINT, end_at_once);
		sigprocmask(SIG_UNBLOCK, signals, NULL);
	} else {
		fb_log(FB_LOG_ERROR, "forebayd could not start: %s", fb_strerror(rc));
	}
	if (api != NULL)
		fb_api_stop(api);
	if (recompute != NULL)
		fb_recompute_stop(recompute);
	if (engine != NULL)
		kept = fb_engine_stop(engine, rc == 0 ? SINK_TIMEOUT_MS : 0, &ledger);
	if (rc == 0) {
		fb_watch_log_ledger(&ledger);
		if (kept != 0)
			fb_log(FB_LOG_ERROR,
				"store: what was open could not be kept: %s; the next start goes on from the last checkpoint and the "
				"raw log",
				fb_strerror(kept));
		rc = ledger.balanced ? kept : FB_E_INTERNAL;
	}
	if (engine != NULL)
		fb_ledger_fini(&ledger);
	fb_watch_destroy(watch);
	return rc == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* ---- usage ---- */

static int wrong(const char *fmt, const char *what)
{
	fputs("forebayd: ", stderr);
	fprintf(stderr, fmt, what);
	fputs("\ntry forebayd --help\n", stderr);
	return EXIT_USAGE;
}

enum { OPT_CHECK = 256, OPT_REPAIR, OPT_SAMPLE, OPT_SETTINGS, OPT_METRICS, OPT_VERSION, OPT_LEVEL };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"apply", required_argument, NULL, 'a'},
	{"check", no_argument, NULL, OPT_CHECK},
	{"repair", no_argument, NULL, OPT_REPAIR},
	{"log-level", required_argument, NULL, OPT_LEVEL},
	{"sample", no_argument, NULL, OPT_SAMPLE},
	{"settings", no_argument, NULL, OPT_SETTINGS},
	{"metrics-doc", no_argument, NULL, OPT_METRICS},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int print_and_end(int option)
{
	switch (option) {
	case OPT_SAMPLE:
		fb_appliance_print_sample(stdout);
		break;
	case OPT_SETTINGS:
		fb_appliance_print_help(stdout);
		break;
	case OPT_METRICS:
		fb_metrics_print_doc(stdout);
		break;
	case OPT_VERSION:
		printf("forebayd %s\n", FB_VERSION);
		break;
	default:
		fputs(usage, stdout);
	}
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:a:h", long_options, NULL)) != -1)
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'a':
			if (options->apply_cnt == APPLY_MAX)
				return wrong("too many pipelines at %s", optarg);
			options->apply[options->apply_cnt++] = optarg;
			break;
		case OPT_CHECK:
			options->check = true;
			break;
		case OPT_REPAIR:
			options->repair = true;
			break;
		case OPT_LEVEL:
			if (!fb_log_level_parse(optarg, &options->level))
				return wrong(
					"--log-level takes error, warning, info or debug, not '%s'",
					optarg);
			break;
		case '?':
			fputs("try forebayd --help\n", stderr);
			return EXIT_USAGE;
		default:
			return print_and_end(option);
		}
	if (optind < argc)
		return wrong("unexpected argument '%s'", argv[optind]);
	if (options->config == NULL)
		return wrong("%s", "which appliance? give --config FILE");
	return -1;
}

int main(int argc, char **argv)
{
	struct options options = {.level = FB_LOG_INFO};
	struct fb_appliance *appliance = NULL;
	sigset_t signals;
	int code = parse_options(argc, argv, &options);

	if (code >= 0)
		return code;
	fb_log_open(options.level);
	if (load_appliance(options.config, &appliance) != 0)
		return EXIT_FAILED;
	code = EXIT_DONE;
	for (uint32_t i = 0; i < options.apply_cnt; i++)
		if (check_pipeline(options.apply[i]) != 0)
			code = EXIT_FAILED;
	if (code == EXIT_DONE && options.repair) {
		code = repair(appliance);
	} else if (code == EXIT_DONE && !options.check) {
		signal(SIGPIPE, SIG_IGN);
		sigemptyset(&signals);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGINT);
		sigaddset(&signals, SIGHUP);
		sigprocmask(SIG_BLOCK, &signals, NULL);
		code = run(&options, appliance, &signals);
	}
	fb_appliance_destroy(appliance);
	return code;
}
