/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/utsname.h>

#include "config/base/isa.h"
#include "control/cli/commands.h"

/* The kernels that this processor can run, best first: what kernels: auto in the appliance file
 * chooses from. */
static json_t *kernels(void)
{
	json_t *array = json_array();

	for (int isa = fb_isa_detect(); isa >= FB_ISA_SCALAR; isa--)
		json_array_append_new(array, json_string(fb_isa_name((enum fb_isa)isa)));
	return array;
}

static int run(struct fb_cli *cli, const void *args)
{
	struct utsname host = {0};
	const char *best = fb_isa_name(fb_isa_detect());
	json_t *json;

	uname(&host);
	if (cli->output == FB_OUTPUT_TABLE) {
		fprintf(cli->out, "forebay %s\nkernels: %s on this processor\nsystem: %s %s %s\n",
			FB_VERSION, best, host.sysname, host.release, host.machine);
		return FB_EXIT_DONE;
	}
	json = json_pack("{s:s, s:s, s:o, s:s, s:s}", "version", FB_VERSION, "kernels", best,
		"kernels_available", kernels(), "system", host.sysname, "machine", host.machine);
	fb_cli_print_json(cli, json);
	json_decref(json);
	return FB_EXIT_DONE;
}

const struct fb_cli_command fb_cmd_version = {
	.name = "version",
	.summary = "say the version, and which kernels this processor can run",
	.run = run,
};
