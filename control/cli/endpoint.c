/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int fb_endpoint_parse(struct fb_cli *cli, const char *text, struct fb_endpoint *ret)
{
	const char *hint = "write an IPv4 address or a name, and the UDP port: --to 10.9.0.1:5000";
	const char *colon = strrchr(text, ':');
	struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found = NULL;
	char host[256], *end;
	unsigned long port;
	int rc;

	if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof(host) ||
		colon[1] < '0' || colon[1] > '9')
		return fb_cli_fail(cli, FB_EXIT_USAGE, hint, "--to '%s' is no HOST:PORT", text);
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port == 0 || port > 65535)
		return fb_cli_fail(
			cli, FB_EXIT_USAGE, hint, "--to '%s': the port is 1 to 65535", text);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	rc = getaddrinfo(host, NULL, &want, &found);
	if (rc != 0)
		return fb_cli_fail(
			cli, FB_EXIT_USAGE, hint, "--to '%s': %s", text, gai_strerror(rc));
	*ret = (struct fb_endpoint){
		.ip = ntohl(((const struct sockaddr_in *)(const void *)found->ai_addr)
				    ->sin_addr.s_addr),
		.port = (uint16_t)port,
	};
	freeaddrinfo(found);
	return FB_EXIT_DONE;
}
