/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `forebay`, one per file cmd_NAME.c; the array that lists them is in cli.c. */
#pragma once

#include "control/cli/cli.h"

/* Work alone: no appliance, NIC or root needed. */
extern const struct fb_cli_command fb_cmd_validate;
extern const struct fb_cli_command fb_cmd_explain;
extern const struct fb_cli_command fb_cmd_run;
extern const struct fb_cli_command fb_cmd_generate;
extern const struct fb_cli_command fb_cmd_send;
extern const struct fb_cli_command fb_cmd_version;
extern const struct fb_cli_command fb_cmd_help;

/* Ask the appliance. */
extern const struct fb_cli_command fb_cmd_apply;
extern const struct fb_cli_command fb_cmd_status;
extern const struct fb_cli_command fb_cmd_windows;
extern const struct fb_cli_command fb_cmd_ledger;
extern const struct fb_cli_command fb_cmd_log;
extern const struct fb_cli_command fb_cmd_replay;
extern const struct fb_cli_command fb_cmd_repair;
extern const struct fb_cli_command fb_cmd_import;
extern const struct fb_cli_command fb_cmd_drop;
extern const struct fb_cli_command fb_cmd_checkpoint;
extern const struct fb_cli_command fb_cmd_drain;
