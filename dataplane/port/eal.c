/* SPDX-License-Identifier: Apache-2.0 */
/* EAL for an appliance: only the devices of its file, only the memory and cores that it names. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "config/base/arena.h"
#include "config/base/buf.h"
#include "dataplane/port/port_private.h"

#define ARG_MAX_CNT 96
#define MEMORY_SLACK_MB 64 /* rings, queues and DPDK's own */

/* EAL keeps pointers to its arguments: they live as long as it does. */
static struct fb_arena texts;

struct args {
	char *values[ARG_MAX_CNT];
	int cnt;
};

static void add(struct args *args, const char *fmt, ...) FB_PRINTF(2, 3);
static void add(struct args *args, const char *fmt, ...)
{
	char text[2048]; /* a device string has at most 1000 bytes, the map of 64 cores about 500 */
	va_list list;

	va_start(list, fmt);
	vsnprintf(text, sizeof(text), fmt, list);
	va_end(list);
	if (args->cnt < ARG_MAX_CNT)
		args->values[args->cnt++] = fb_arena_strdup(&texts, fb_str_from(text));
}

/*
 * lcore 0 is the control plane's, lcore i + 1 worker i's: numbers of our own, so that two of them
 * may share a core (tests on small machines).
 */
static void add_cores(struct args *args, const struct fb_appliance *appliance)
{
	struct fb_buf map = {0};

	fb_buf_printf(&map, "0@%u", appliance->cores.main);
	for (uint32_t i = 0; i < appliance->cores.workers_count; i++)
		fb_buf_printf(&map, ",%u@%u", i + 1, appliance->cores.workers[i]);
	add(args, "--lcores=%s", map.p);
	add(args, "--main-lcore=0");
	fb_buf_fini(&map);
}

/* In front of a frame in its slot: tpacket2_hdr and sockaddr_ll, aligned; then Ethernet and two
 * tags. */
#define AF_PACKET_OVERHEAD 96

/*
 * The default ring of 512 frames loses 40 % of an unpaced burst: 16 MB instead, in slots that hold
 * the MTU. No larger than need be: the driver wants mbufs of the slot's size.
 */
static void af_packet_ring(const struct fb_port_conf *port, char *extra, size_t cap)
{
	uint32_t slot = FB_MAX(2048u, (port->mtu + AF_PACKET_OVERHEAD + 15) / 16 * 16);
	uint32_t in_block = 65536 / slot;

	snprintf(extra, cap, ",blocksz=65536,framesz=%u,framecnt=%u", slot, in_block * 256);
}

/* What a virtual device needs and its user did not say. */
static void add_vdev(struct args *args, const struct fb_port_conf *port)
{
	const char *device = port->device;
	bool af_packet = strncmp(device, "net_af_packet", 13) == 0;
	char pairs[32] = "";
	char ring[96] = "";

	if (af_packet && port->queues > 1 && strstr(device, "qpairs=") == NULL)
		snprintf(pairs, sizeof(pairs), ",qpairs=%u", port->queues);
	if (af_packet && strstr(device, "framecnt=") == NULL &&
		strstr(device, "blocksz=") == NULL && strstr(device, "framesz=") == NULL)
		af_packet_ring(port, ring, sizeof(ring));
	add(args, "--vdev=%s%s%s", device, pairs, ring);
}

static void add_devices(struct args *args, const struct fb_appliance *appliance)
{
	bool pci = false;

	for (uint32_t i = 0; i < appliance->ports_count; i++) {
		if (fb_device_is_pci(appliance->ports[i].device)) {
			add(args, "--allow=%s", appliance->ports[i].device);
			pci = true;
		} else {
			add_vdev(args, &appliance->ports[i]);
		}
	}
	/* Without an allow-list EAL would probe every NIC of the machine. */
	if (!pci)
		add(args, "--no-pci");
}

static void report(struct fb_diags *diags, const struct fb_appliance *appliance, uint32_t memory_mb)
{
	const char *hint = "the lines above are DPDK's own; check devices, cores and permissions";
	char text[256];

	if (appliance->memory.hugepages) {
		snprintf(text, sizeof(text),
			"with hugepages: true, %u hugepages of 2 MB must be free: sysctl "
			"vm.nr_hugepages=%u; or set hugepages: false",
			(memory_mb + 1) / 2, (memory_mb + 1) / 2);
		hint = text;
	} else if (rte_errno == EACCES || rte_errno == EPERM) {
		hint = "this device needs root, or CAP_NET_ADMIN and CAP_NET_RAW";
	}
	fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, hint,
		"DPDK does not start: %s", rte_strerror(rte_errno));
}

int fb_eal_start(const struct fb_appliance *appliance, struct fb_diags *diags)
{
	struct args args = {0};
	uint32_t memory_mb =
		appliance->memory.packet_mb * FB_MAX(appliance->ports_count, 1u) + MEMORY_SLACK_MB;
	int rc;

	add(&args, "forebayd");
	add_cores(&args, appliance);
	if (appliance->memory.hugepages) {
		/* Nothing stays behind in hugetlbfs, not even after a crash. */
		add(&args, "--in-memory");
	} else {
		add(&args, "--no-huge");
		add(&args, "-m");
		add(&args, "%u", memory_mb);
		add(&args, "--no-shconf");
	}
	add(&args, "--iova-mode=va");
	add(&args, "--no-telemetry");
	add(&args, "--log-level=*:error");
	/* The TAP driver reports the lack of flow rules as errors; they are not used. */
	add(&args, "--log-level=pmd.net.tap:critical");
	add_devices(&args, appliance);
	if (texts.failed) {
		fb_arena_fini(&texts);
		return FB_E_NO_MEMORY;
	}
	rc = rte_eal_init(args.cnt, args.values);
	if (rc < 0) {
		report(diags, appliance, memory_mb);
		fb_arena_fini(&texts);
		return FB_E_DEVICE;
	}
	return 0;
}

void fb_eal_stop(void)
{
	rte_eal_cleanup();
	fb_arena_fini(&texts);
}
