/* SPDX-License-Identifier: Apache-2.0 */
/* Build tool: copies forebayd.8.in to standard output and puts the list of settings where the line
 * @SETTINGS@ stands. */
#include <string.h>

#include "config/appliance/appliance.h"

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "re") : NULL;
	char line[1024];

	if (in == NULL) {
		fputs("usage: manual forebayd.8.in\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof(line), in)) {
		const char *version = strstr(line, "@VERSION@");

		if (strcmp(line, "@SETTINGS@\n") == 0)
			fb_appliance_print_manual(stdout);
		else if (version)
			printf("%.*s" FB_VERSION "%s", (int)(version - line), line,
				version + strlen("@VERSION@"));
		else
			fputs(line, stdout);
	}
	fclose(in);
	return fflush(stdout) == 0 ? 0 : 1;
}
