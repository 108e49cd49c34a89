/* SPDX-License-Identifier: Apache-2.0 */
/* Appliances without a file, for tests of ports and workers: virtual devices, no PCI, no hugepages.
 * One EAL a process. */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/port/port.h"

#define LAB_PORT_MAX 4

struct lab {
	struct fb_diags diags;
	struct fb_appliance appliance;
	struct fb_port_conf ports[LAB_PORT_MAX];
	uint32_t workers[8];
	struct fb_port *open[LAB_PORT_MAX];
	bool eal;
};

static inline void lab_init(struct lab *lab, uint32_t worker_cnt)
{
	memset(lab, 0, sizeof(*lab));
	fb_diags_init(&lab->diags, "lab.yaml");
	/* All on one core: DPDK's numbers are of our own. */
	lab->appliance.cores.workers = lab->workers;
	lab->appliance.cores.workers_count = worker_cnt;
	lab->appliance.memory.packet_mb = 16;
	lab->appliance.ports = lab->ports;
}

static inline struct fb_port_conf *lab_port(struct lab *lab, const char *device, uint32_t queues)
{
	static char *addresses[] = {(char *)"10.9.0.1/24", (char *)"192.0.2.5/32"};
	struct fb_port_conf *port = &lab->ports[lab->appliance.ports_count];
	char name[8];

	snprintf(name, sizeof(name), "p%u", lab->appliance.ports_count++);
	*port = (struct fb_port_conf){
		.name = strdup(name),
		.device = strdup(device),
		.addresses = addresses,
		.addresses_count = 2,
		.queues = queues,
		.mtu = 1500,
		.rx_descriptors = 256,
	};
	return port;
}

/* The messages that were made, for those that compare them; "" if none. */
static inline const char *lab_words(const struct lab *lab)
{
	return lab->diags.cnt ? lab->diags.items[lab->diags.cnt - 1].message : "";
}

static inline void lab_eal(struct lab *lab)
{
	cr_assert_eq(fb_eal_start(&lab->appliance, &lab->diags), 0, "%s", lab_words(lab));
	lab->eal = true;
}

/* Opens and starts all. A ring has no MAC and takes none: frames for it go to 02:00:00:00:00:01. */
static inline void lab_open(struct lab *lab)
{
	for (uint32_t i = 0; i < lab->appliance.ports_count; i++) {
		cr_assert_eq(
			fb_port_open(&lab->ports[i], &lab->appliance, &lab->diags, &lab->open[i]),
			0, "%s", lab_words(lab));
		memcpy(lab->open[i]->mac, "\2\0\0\0\0\1", 6);
		cr_assert_eq(fb_port_start(lab->open[i], &lab->diags), 0, "%s", lab_words(lab));
	}
}

static inline void lab_fini(struct lab *lab)
{
	for (uint32_t i = 0; i < lab->appliance.ports_count; i++) {
		fb_port_close(lab->open[i]);
		free(lab->ports[i].name);
		free(lab->ports[i].device);
	}
	fb_diags_fini(&lab->diags);
	if (lab->eal)
		fb_eal_stop();
}
