/* SPDX-License-Identifier: Apache-2.0 */
/* What settings say about each other, and what their texts mean. */
#include <stdarg.h>
#include <stdio.h>

#include "config/appliance/address.h"
#include "config/appliance/check.h"
#include "config/base/errcode.h"
#include "config/base/nearest.h"

#define NAMES_MAX 16 /* = the most ports */

struct meaning {
	struct fb_document *document;
	const struct fb_appliance *appliance;
	const yaml_node_t *ports;
	const yaml_node_t *streams;
};

static void complain(struct meaning *meaning, const yaml_node_t *node, const char *hint,
	const char *fmt, ...) FB_PRINTF(4, 5);
static void complain(
	struct meaning *meaning, const yaml_node_t *node, const char *hint, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (meaning->document->diags->error_cnt >= FB_CHECK_ERRORS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fb_diags_add(meaning->document->diags, FB_ERROR_SEVERITY,
		fb_document_place(meaning->document, node), hint, "%s", text);
}

/* Value of a key of a section that is a mapping; NULL where a preset stands in for it. */
static const yaml_node_t *in_section(
	const struct meaning *meaning, const char *section, const char *key)
{
	const yaml_node_t *mapping =
		fb_document_get(meaning->document, meaning->document->root, section, NULL);

	return fb_document_get(meaning->document, mapping, key, NULL);
}

static const yaml_node_t *in_entry(
	const struct meaning *meaning, const yaml_node_t *list, uint32_t i, const char *key)
{
	return fb_document_get(
		meaning->document, fb_document_entry(meaning->document, list, i), key, NULL);
}

static bool is_name(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '_' || *p == '-' || *p == '.'))
			return false;
	return text[0] != '-' && text[0] != '.';
}

/* ---- cores, http, hdfs ---- */

static void check_cores(struct meaning *meaning)
{
	const struct fb_appliance *appliance = meaning->appliance;
	const yaml_node_t *list = in_section(meaning, "cores", "workers");
	const uint32_t *workers = appliance->cores.workers;

	for (uint32_t i = 0; i < appliance->cores.workers_count; i++) {
		const yaml_node_t *node = fb_document_entry(meaning->document, list, i);

		for (uint32_t j = 0; j < i; j++)
			if (workers[j] == workers[i])
				complain(meaning, node, NULL, "cores.workers names core %u twice",
					workers[i]);
		if (workers[i] == appliance->cores.main)
			fb_diags_add(meaning->document->diags, FB_WARNING,
				fb_document_place(meaning->document, node),
				"give the worker a core of its own where the machine has one",
				"core %u is a worker's and cores.main as well", workers[i]);
	}
}

static void check_http(struct meaning *meaning)
{
	const struct fb_appliance *appliance = meaning->appliance;
	const yaml_node_t *listen = in_section(meaning, "http", "listen");
	char host[64];
	uint16_t port;
	bool loopback;

	if (appliance->http.socket[0] != '/')
		complain(meaning, in_section(meaning, "http", "socket"), NULL,
			"http.socket has to be a path from the root: '%s'", appliance->http.socket);
	if (appliance->http.listen[0] == '\0')
		return;
	if (fb_listen_parse(appliance->http.listen, host, &port, &loopback) != 0)
		complain(meaning, listen, "as in 127.0.0.1:9471 or [::1]:9471; \"\" for none",
			"http.listen '%s' is no address and port", appliance->http.listen);
	else if (!loopback)
		complain(meaning, listen,
			"listen on 127.0.0.1 and put a proxy with TLS before it; TLS and tokens "
			"are not there yet",
			"http.listen '%s' can be reached from other machines, which needs TLS",
			appliance->http.listen);
}

static void check_hdfs(struct meaning *meaning)
{
	const char *url = meaning->appliance->hdfs.webhdfs;

	if (url && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		complain(meaning, in_section(meaning, "hdfs", "webhdfs"),
			"as in http://namenode:9870", "hdfs.webhdfs '%s' is no URL", url);
}

/* ---- ports ---- */

static void check_addresses(struct meaning *meaning, uint32_t i)
{
	const struct fb_port_conf *port = &meaning->appliance->ports[i];
	const yaml_node_t *list = in_entry(meaning, meaning->ports, i, "addresses");
	uint32_t ips[8] = {0};
	uint8_t prefix_len;

	for (uint32_t a = 0; a < port->addresses_count && a < FB_ARRAY_LEN(ips); a++) {
		const yaml_node_t *node = fb_document_entry(meaning->document, list, a);

		if (fb_address_parse(port->addresses[a], &ips[a], &prefix_len) != 0) {
			complain(meaning, node,
				"as in 10.9.0.1/24: a host's address and the length of its "
				"network's prefix",
				"ports[%u].addresses: '%s' is no IPv4 address with prefix length "
				"of a host",
				i, port->addresses[a]);
			continue;
		}
		for (uint32_t b = 0; b < a; b++)
			if (ips[b] == ips[a])
				complain(meaning, node, NULL,
					"ports[%u].addresses names '%s' twice", i,
					port->addresses[a]);
	}
}

static void check_port(struct meaning *meaning, uint32_t i)
{
	const struct fb_appliance *appliance = meaning->appliance;
	const struct fb_port_conf *port = &appliance->ports[i];
	const yaml_node_t *name = in_entry(meaning, meaning->ports, i, "name");
	uint8_t mac[6];

	if (!is_name(port->name))
		complain(meaning, name, "letters, digits, _ - and .",
			"ports[%u].name '%s' is no name", i, port->name);
	for (uint32_t j = 0; j < i; j++) {
		if (strcmp(appliance->ports[j].name, port->name) == 0)
			complain(meaning, name, NULL,
				"ports[%u].name '%s' is that of ports[%u] too", i, port->name, j);
		if (strcmp(appliance->ports[j].device, port->device) == 0)
			complain(meaning, in_entry(meaning, meaning->ports, i, "device"), NULL,
				"ports[%u].device '%s' is that of ports[%u] too", i, port->device,
				j);
	}
	if (port->mac && fb_mac_parse(port->mac, mac) != 0)
		complain(meaning, in_entry(meaning, meaning->ports, i, "mac"),
			"as in 02:00:00:00:00:02", "ports[%u].mac '%s' is no MAC address of a host",
			i, port->mac);
	if (port->queues > appliance->cores.workers_count)
		complain(meaning, in_entry(meaning, meaning->ports, i, "queues"),
			"one worker polls one queue of a port: fewer queues, or more cores.workers",
			"ports[%u].queues is %u, but there %s only %u worker%s", i, port->queues,
			appliance->cores.workers_count == 1 ? "is" : "are",
			appliance->cores.workers_count,
			appliance->cores.workers_count == 1 ? "" : "s");
	check_addresses(meaning, i);
}

/* ---- streams ---- */

static void check_stream_port(struct meaning *meaning, uint32_t i)
{
	const struct fb_appliance *appliance = meaning->appliance;
	const char *want = appliance->streams[i].port;
	const char *names[NAMES_MAX], *near;
	char hint[128];
	uint32_t cnt = 0;

	for (; cnt < appliance->ports_count && cnt < NAMES_MAX; cnt++) {
		names[cnt] = appliance->ports[cnt].name;
		if (strcmp(names[cnt], want) == 0)
			return;
	}
	near = fb_nearest_name(fb_str_from(want), names, cnt);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	complain(meaning, in_entry(meaning, meaning->streams, i, "port"), near ? hint : NULL,
		"streams[%u].port '%s' is no name of a port", i, want);
}

static void check_stream(struct meaning *meaning, uint32_t i)
{
	const struct fb_stream_conf *streams = meaning->appliance->streams;

	check_stream_port(meaning, i);
	/* The raw log knows a stream by its table. */
	for (uint32_t j = 0; j < i && fb_stream_is_kept(&streams[i]); j++)
		if (fb_stream_is_kept(&streams[j]) && strcmp(streams[j].table, streams[i].table) == 0)
			complain(meaning, in_entry(meaning, meaning->streams, i, "table"),
				"give only one of them a retention, or another table",
				"streams[%u]: table '%s' is kept as that of streams[%u] already", i,
				streams[i].table, j);
	if (streams[i].layout && in_entry(meaning, meaning->streams, i, "framing"))
		complain(meaning, in_entry(meaning, meaning->streams, i, "framing"),
			"leave framing out: the layout says where records begin",
			"streams[%u] has both framing and layout", i);
	for (uint32_t j = 0; j < i; j++)
		if (streams[j].udp_port == streams[i].udp_port &&
			strcmp(streams[j].port, streams[i].port) == 0)
			complain(meaning, in_entry(meaning, meaning->streams, i, "udp_port"), NULL,
				"streams[%u]: UDP port %u of %s is taken by streams[%u]", i,
				streams[i].udp_port, streams[i].port, j);
}

int fb_check_meaning(struct fb_document *document, const struct fb_appliance *appliance)
{
	struct meaning meaning = {
		.document = document,
		.appliance = appliance,
		.ports = fb_document_get(document, document->root, "ports", NULL),
		.streams = fb_document_get(document, document->root, "streams", NULL),
	};
	size_t errors_before = document->diags->error_cnt;

	check_cores(&meaning);
	check_http(&meaning);
	check_hdfs(&meaning);
	if (appliance->ports_count == 0)
		complain(&meaning, document->root,
			"a port is a NIC or a virtual device: forebayd --sample shows one",
			"there is no port to receive from");
	for (uint32_t i = 0; i < appliance->ports_count; i++)
		check_port(&meaning, i);
	for (uint32_t i = 0; i < appliance->streams_count; i++)
		check_stream(&meaning, i);
	return document->diags->error_cnt > errors_before ? FB_E_CONFIG : 0;
}
