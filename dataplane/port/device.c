/* SPDX-License-Identifier: Apache-2.0 */
/* Device strings of the appliance file, and what the kernel knows of the devices behind them. */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/port/port_private.h"

/* "0000:03:00.0" or "03:00.0": hexadecimal digits, colons, a point. */
bool fb_device_is_pci(const char *device)
{
	return strchr(device, ':') != NULL &&
	       strspn(device, "0123456789abcdefABCDEF:.") == strlen(device);
}

/* DPDK and sysfs write "0000:03:00.0": with a domain, in lower case. */
static void pci_name(const char *device, char *name, size_t cap)
{
	snprintf(name, cap, "%s%s", strchr(device, ':') == strrchr(device, ':') ? "0000:" : "",
		device);
	for (char *c = name; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
}

void fb_port_device_name(const char *device, char *name, size_t cap)
{
	if (fb_device_is_pci(device))
		pci_name(device, name, cap);
	else
		snprintf(name, cap, "%.*s", (int)strcspn(device, ","), device);
}

/* The value of the next argument with one of the keys that name a kernel interface; NULL: no more.
 */
static const char *next_interface(const char **at, size_t *ret_len)
{
	static const char *const keys[] = {
		"iface", "rx_iface", "rx_iface_in", "tx_iface", "remote"};

	for (*at += strcspn(*at, ","); **at == ','; *at += strcspn(*at, ",")) {
		const char *key = ++*at;
		size_t len = strcspn(key, "=,");

		if (key[len] != '=')
			continue;
		*ret_len = strcspn(key + len + 1, ",");
		for (size_t i = 0; i < FB_ARRAY_LEN(keys); i++)
			/* vhost and virtio_user say iface for the path of a socket. */
			if (strlen(keys[i]) == len && memcmp(key, keys[i], len) == 0 &&
				memchr(key + len + 1, '/', *ret_len) == NULL)
				return key + len + 1;
	}
	return NULL;
}

void fb_port_interface(const char *device, char *name, size_t cap)
{
	size_t len;
	const char *value = fb_device_is_pci(device) ? NULL : next_interface(&device, &len);

	name[0] = '\0';
	if (value != NULL)
		snprintf(name, cap, "%.*s", (int)len, value);
}

static bool has_default_route4(const char *interface)
{
	FILE *routes = fopen("/proc/net/route", "re");
	char line[256];
	bool found = false;

	while (routes != NULL && !found && fgets(line, sizeof(line), routes) != NULL) {
		char name[64];
		uint32_t destination;

		if (sscanf(line, "%63s %" SCNx32, name, &destination) == 2)
			found = destination == 0 && strcmp(name, interface) == 0;
	}
	if (routes != NULL)
		fclose(routes);
	return found;
}

/* destination, its prefix length, source, its length, next hop, metric, references, uses, flags,
 * interface */
static bool has_default_route6(const char *interface)
{
	FILE *routes = fopen("/proc/net/ipv6_route", "re");
	char line[256];
	bool found = false;

	while (routes != NULL && !found && fgets(line, sizeof(line), routes) != NULL) {
		char name[64];
		uint32_t prefix_len;

		if (sscanf(line, "%*32s %" SCNx32 " %*s %*s %*s %*s %*s %*s %*s %63s", &prefix_len,
			    name) == 2)
			found = prefix_len == 0 && strcmp(name, interface) == 0;
	}
	if (routes != NULL)
		fclose(routes);
	return found;
}

/* Whether the interface, or a bridge, bond or VLAN above it, has the default route. */
static bool has_default_route(const char *interface, int depth)
{
	char path[96];
	struct dirent *entry;
	bool found = has_default_route4(interface) || has_default_route6(interface);
	DIR *folder;

	if (found || depth == 0 || interface[0] == '\0' || strlen(interface) > 31)
		return found;
	snprintf(path, sizeof(path), "/sys/class/net/%s", interface);
	folder = opendir(path);
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL)
		if (strncmp(entry->d_name, "upper_", 6) == 0)
			found = has_default_route(entry->d_name + 6, depth - 1);
	if (folder != NULL)
		closedir(folder);
	return found;
}

#define UPPER_DEPTH 4 /* a VLAN on a bridge over a bond over the NIC */

static bool pci_carries_default_route(const char *device, char *interface, size_t cap)
{
	char name[32];
	char path[96];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	pci_name(device, name, sizeof(name));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/net", name);
	folder = opendir(path);
	while (folder != NULL && !found && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(interface, cap, "%s", entry->d_name);
		found = has_default_route(interface, UPPER_DEPTH);
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

bool fb_port_carries_default_route(const char *device, char *interface, size_t cap)
{
	const char *value;
	size_t len;

	if (fb_device_is_pci(device))
		return pci_carries_default_route(device, interface, cap);
	while ((value = next_interface(&device, &len)) != NULL) {
		snprintf(interface, cap, "%.*s", (int)len, value);
		if (has_default_route(interface, UPPER_DEPTH))
			return true;
	}
	return false;
}

/*
 * /proc/net/dev is that of our own network namespace. A TAP's other end is the kernel: what it
 * transmits is what we receive, and what it had to drop because we were too slow is in its drop
 * counter.
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
		/* rx: bytes packets errs drop fifo frame compressed multicast; tx: bytes packets
		 * errs drop */
		if (sscanf(colon + 1,
			    "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64
			    "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64,
			    &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9],
			    &v[10], &v[11]) == 12)
			count = tap ? v[9] + v[11] : v[1];
	}
	if (table != NULL)
		fclose(table);
	return count;
}
