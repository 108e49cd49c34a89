/* SPDX-License-Identifier: Apache-2.0 */
/* Device strings of the appliance file, and what the kernel knows of the devices behind them. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/port/port_private.h"

/* "0000:03:00.0" or "03:00.0": hexadecimal digits, colons, a point. */
bool fb_device_is_pci(const char *device)
{
	return strchr(device, ':') != NULL && strspn(device, "0123456789abcdefABCDEF:.") == strlen(device);
}

void fb_port_device_name(const char *device, char *name, size_t cap)
{
	snprintf(name, cap, "%.*s", (int)strcspn(device, ","), device);
}

void fb_port_interface(const char *device, char *name, size_t cap)
{
	const char *at = fb_device_is_pci(device) ? NULL : strstr(device, "iface=");

	name[0] = '\0';
	if (at != NULL && (at == device || at[-1] == ',')) {
		at += strlen("iface=");
		snprintf(name, cap, "%.*s", (int)strcspn(at, ","), at);
	}
}

static bool has_default_route(const char *interface)
{
	FILE *routes = fopen("/proc/net/route", "re");
	char line[256];
	bool found = false;

	while (routes != NULL && !found && fgets(line, sizeof(line), routes) != NULL) {
		char name[64];
		uint32_t destination;
		uint32_t gateway;
		uint32_t flags;

		if (sscanf(line, "%63s %" SCNx32 " %" SCNx32 " %" SCNx32, name, &destination, &gateway, &flags) == 4)
			found = destination == 0 && strcmp(name, interface) == 0;
	}
	if (routes != NULL)
		fclose(routes);
	return found;
}

bool fb_port_carries_default_route(const char *device, char *interface, size_t cap)
{
	char path[128];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	fb_port_interface(device, interface, cap);
	if (interface[0] != '\0')
		return has_default_route(interface);
	if (!fb_device_is_pci(device))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s%s/net", strlen(device) < 12 ? "0000:" : "", device);
	folder = opendir(path);
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(interface, cap, "%s", entry->d_name);
		found = has_default_route(interface);
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

/*
 * /proc/net/dev is that of our own network namespace. A TAP's other end is the kernel: what it transmits is what we receive, and
 * what it had to drop because we were too slow is in its drop counter.
 */
uint64_t fb_port_wire_count(const struct fb_port *port)
{
	bool tap = strstr(port->driver, "tap") != NULL;
	FILE *table = port->interface[0] ? fopen("/proc/net/dev", "re") : NULL;
	char line[512];
	uint64_t count = 0;

	while (table != NULL && fgets(line, sizeof(line), table) != NULL) {
		uint64_t v[12];
		char *colon = strchr(line, ':');
		char *name = line + strspn(line, " ");

		if (colon == NULL)
			continue;
		*colon = '\0';
		if (strcmp(name, port->interface) != 0)
			continue;
		/* rx: bytes packets errs drop fifo frame compressed multicast; tx: bytes packets errs drop */
		if (sscanf(colon + 1,
			    "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64
			    "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64,
			    &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10], &v[11]) == 12)
			count = tap ? v[9] + v[11] : v[1];
	}
	if (table != NULL)
		fclose(table);
	return count;
}
