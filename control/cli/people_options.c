/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/people_options.h"

int fb_people_open(struct fb_cli *cli, const struct fb_people_args *args,
	enum fb_people_format format, struct fb_people **ret)
{
	struct fb_people_conf conf = {
		.records = args->records,
		.seed = args->seed,
		.start_ms = args->start_ms,
		.rate = args->rate,
		.keys = args->keys,
		.malformed = args->malformed,
		.disorder_ms = (uint32_t)args->disorder_ms,
		.null_percent = (uint32_t)args->nulls,
		.null_text = args->null_text,
		.format = format,
	};
	int rc;

	if (args->malformed > args->records)
		return fb_cli_fail(cli, FB_EXIT_USAGE, "--malformed N counts some of the --records",
			"%llu malformed of %llu records", (unsigned long long)args->malformed,
			(unsigned long long)args->records);
	rc = fb_people_create(&conf, ret);
	if (rc == FB_E_INVALID)
		return fb_cli_fail(cli, FB_EXIT_USAGE,
			"event time has to end before the year 10000; --null-literal is at most 15 "
			"bytes without "
			"comma, quote or newline",
			"these records cannot be made");
	if (rc != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(rc));
	return FB_EXIT_DONE;
}
