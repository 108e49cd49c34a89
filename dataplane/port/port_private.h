/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of ports: device strings and what the kernel knows of them (device.c), counters (stats.c). */
#pragma once

#include "dataplane/port/port.h"

/* Readable bytes that decoders are promised behind a payload (dataplane/format/batch.h). */
#define FB_PORT_PAD_BYTES 64

bool fb_device_is_pci(const char *device);
/* "net_tap0,iface=x" -> "net_tap0"; a PCI address as it is. */
void fb_port_device_name(const char *device, char *name, size_t cap);
/* The kernel interface that a virtual device sits on or makes; "" if none is named. */
void fb_port_interface(const char *device, char *name, size_t cap);
/* Whether an interface of the device has the default route; its name in `interface`. */
bool fb_port_carries_default_route(const char *device, char *interface, size_t cap);
/* What the kernel has counted towards us on the interface of a virtual device, since the interface exists; 0 if none. */
uint64_t fb_port_wire_count(const struct fb_port *port);
