/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/cli.h"

int main(int argc, char **argv)
{
	return fb_cli_main(argc, argv);
}
