/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of ports: device strings and what the kernel knows of them (device.c), counters (stats.c).
 */
#pragma once

#include "dataplane/port/port.h"

/* Readable bytes that decoders are promised behind a payload (dataplane/format/batch.h). */
#define FB_PORT_PAD_BYTES 64

bool fb_device_is_pci(const char *device);
/* The name that DPDK knows it by: "net_tap0,iface=x" -> "net_tap0"; "3B:00.0" -> "0000:3b:00.0". */
void fb_port_device_name(const char *device, char *name, size_t cap);
/* The kernel interface that a virtual device sits on or makes; "" if none is named. */
void fb_port_interface(const char *device, char *name, size_t cap);
/*
 * Whether an interface of the device, or a bridge, bond or VLAN above it, has this network
 * namespace's default route (IPv4 or IPv6); the name of the device's own in `interface`.
 */
bool fb_port_carries_default_route(const char *device, char *interface, size_t cap);
/* What the kernel has counted towards us on the interface of a virtual device, since the interface
 * exists; 0 if none. */
uint64_t fb_port_wire_count(const struct fb_port *port);
