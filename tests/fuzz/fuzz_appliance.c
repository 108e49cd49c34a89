/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an appliance file: loaded whole, or refused with a place inside the text. */
#include <stdlib.h>

#include "config/appliance/appliance.h"
#include "config/base/errcode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads every text, so that the sanitizer sees one that is freed, missing or not ended. */
static size_t text_bytes(const struct fb_appliance *appliance)
{
	size_t bytes = strlen(appliance->name) + strlen(appliance->store.path) +
		       strlen(appliance->http.socket) + strlen(appliance->http.listen) +
		       strlen(appliance->kernels);

	for (uint32_t i = 0; i < appliance->ports_count; i++) {
		const struct fb_port_conf *port = &appliance->ports[i];

		bytes += strlen(port->name) + strlen(port->device) +
			 (port->mac ? strlen(port->mac) : 0);
		for (uint32_t a = 0; a < port->addresses_count; a++)
			bytes += strlen(port->addresses[a]);
	}
	for (uint32_t i = 0; i < appliance->streams_count; i++)
		bytes += strlen(appliance->streams[i].table) + strlen(appliance->streams[i].port) +
			 strlen(appliance->streams[i].framing);
	for (uint32_t i = 0; i < appliance->kafka.properties_count; i++)
		bytes += strlen(appliance->kafka.properties[i].key) +
			 strlen(appliance->kafka.properties[i].value);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fb_diags diags;
	struct fb_appliance *appliance = NULL;
	int rc;

	fb_diags_init(&diags, "fuzz.yaml");
	rc = fb_appliance_parse("fuzz.yaml", (struct fb_str){(const char *)data, (uint32_t)size},
		&diags, &appliance);
	if (rc == 0) {
		if (diags.error_cnt != 0 || appliance->ports_count == 0 ||
			appliance->cores.workers_count == 0 || text_bytes(appliance) == 0)
			abort();
	} else if (rc != FB_E_CONFIG || diags.error_cnt == 0) {
		abort(); /* refused without a word, or schema and check disagree */
	}
	for (size_t i = 0; i < diags.cnt; i++)
		if (diags.items[i].place.column > size + 1 || diags.items[i].place.line > size + 1)
			abort();
	fb_appliance_destroy(appliance);
	fb_diags_fini(&diags);
	return 0;
}
