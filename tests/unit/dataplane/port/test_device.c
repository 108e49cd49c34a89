/* SPDX-License-Identifier: Apache-2.0 */
/* Device strings, and the refusal of what carries the default route: in a network namespace of the
 * test's own. */
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"
#include "tests/unit/dataplane/port/lab.h"
#include "tests/unit/dataplane/port/netns.h"

static void expect_name(const char *device, bool pci, const char *name, const char *interface)
{
	char text[64];

	cr_assert_eq(fb_device_is_pci(device), pci, "%s", device);
	fb_port_device_name(device, text, sizeof(text));
	cr_assert_str_eq(text, name);
	fb_port_interface(device, text, sizeof(text));
	cr_assert_str_eq(text, interface, "%s", device);
}

Test(device, names)
{
	expect_name("0000:03:00.0", true, "0000:03:00.0", "");
	expect_name("03:00.0", true, "0000:03:00.0", "");
	expect_name("3B:00.1", true, "0000:3b:00.1", "");
	expect_name("10000:E1:00.0", true, "10000:e1:00.0", "");
	expect_name("net_null0", false, "net_null0", "");
	expect_name("net_tap0,iface=fb0", false, "net_tap0", "fb0");
	expect_name("net_af_packet1,iface=eth1,blocksz=65536", false, "net_af_packet1", "eth1");
	expect_name("net_af_packet1,blocksz=65536,iface=eth1", false, "net_af_packet1", "eth1");
	expect_name("net_pcap0,rx_iface=eth2,tx_iface=eth3", false, "net_pcap0", "eth2");
	expect_name("net_vhost0,iface=/run/x.sock,queues=1", false, "net_vhost0", "");
	expect_name("net_ring0,noiface=eth0", false, "net_ring0", "");
	expect_name("net_tap0,iface=", false, "net_tap0", "");
	expect_name("iface=eth0", false, "iface=eth0", "");
}

/* ---- the default route ---- */

static const char *carrier(const char *device)
{
	static char name[64];

	return fb_port_carries_default_route(device, name, sizeof(name)) ? name : "";
}

Test(route, every_way_to_name_an_interface)
{
	netns_enter();
	netns_run("ip link add fbd0 type veth peer name fbd1");
	netns_run("ip addr add 10.9.0.2/24 dev fbd0");
	netns_run("ip link set fbd0 up");
	netns_run("ip link set fbd1 up");
	cr_assert_str_eq(carrier("net_af_packet0,iface=fbd0"), "",
		"it has an address, but no default route");
	netns_run("ip route add default via 10.9.0.1 dev fbd0");
	cr_assert_str_eq(carrier("net_af_packet0,iface=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_af_packet0,blocksz=65536,iface=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_pcap0,rx_iface=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_pcap0,rx_iface_in=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_pcap0,rx_iface=fbd1,tx_iface=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_tap0,iface=fbt,remote=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_af_packet0,iface=fbd1"), "");
	cr_assert_str_eq(carrier("net_af_packet0,iface=fbd"), "",
		"a name that is only the beginning of another");
	cr_assert_str_eq(carrier("net_null0"), "");
}

Test(route, ipv6)
{
	netns_enter();
	netns_run("ip link add fbd0 type veth peer name fbd1");
	netns_run("ip link set fbd0 up");
	netns_run("ip link set fbd1 up");
	if (system("ip -6 route add default dev fbd0 2>/dev/null") != 0)
		cr_skip_test("no IPv6 on this machine");
	cr_assert_str_eq(carrier("net_af_xdp0,iface=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_af_xdp0,iface=fbd1"), "");
}

/* The route is the bridge's; the packets are the port's. */
Test(route, of_a_bridge_above)
{
	netns_enter();
	netns_run("ip link add fbd0 type veth peer name fbd1");
	if (system("ip link add fbb0 type bridge 2>/dev/null") != 0)
		cr_skip_test("no bridges on this machine");
	netns_run("ip link set fbd0 master fbb0");
	netns_run("ip link set fbd0 up");
	netns_run("ip link set fbb0 up");
	netns_run("ip addr add 10.9.0.2/24 dev fbb0");
	netns_run("ip route add default via 10.9.0.1 dev fbb0");
	cr_assert_str_eq(carrier("net_af_packet0,iface=fbd0"), "fbd0");
	cr_assert_str_eq(carrier("net_af_packet0,iface=fbd1"), "");
}

Test(route, port_is_refused_unless_forced)
{
	struct lab lab;
	struct fb_port *port = NULL;

	netns_enter();
	netns_run("ip link add fbd0 type veth peer name fbd1");
	netns_run("ip addr add 10.9.0.2/24 dev fbd0");
	netns_run("ip link set fbd0 up");
	netns_run("ip link set fbd1 up");
	netns_run("ip route add default via 10.9.0.1 dev fbd0");
	lab_init(&lab, 1);
	lab_port(&lab, "net_af_packet0,iface=fbd0", 1);
	lab_eal(&lab);
	cr_assert_eq(
		fb_port_open(&lab.ports[0], &lab.appliance, &lab.diags, &port), FB_E_PERMISSION);
	cr_assert_null(port);
	cr_assert_str_eq(lab_words(&lab), "port p0 (net_af_packet0,iface=fbd0) carries this "
					  "machine's default route (interface fbd0)");
	cr_assert_not_null(strstr(lab.diags.items[0].hint, "force: true"));
	lab.ports[0].force = true;
	cr_assert_eq(fb_port_open(&lab.ports[0], &lab.appliance, &lab.diags, &lab.open[0]), 0, "%s",
		lab_words(&lab));
	cr_assert_str_eq(lab.open[0]->interface, "fbd0");
	lab_fini(&lab);
}
