/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace for one test, with a sysfs that shows it. It ends with the test's process. */
#pragma once

#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

static inline void netns_run(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

/* Skips the test without the right to do so. IPv6 is silent in there, so that only what a test
 * sends is counted. */
static inline void netns_enter(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
		cr_skip_test("needs root for a network namespace");
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	if (mount("sysfs", "/sys", "sysfs", 0, NULL) != 0)
		cr_skip_test("needs the right to mount sysfs");
	netns_run("ip link set lo up");
	FB_IGNORE(system("sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 "
			 "net.ipv6.conf.default.router_solicitations=0 "
			 "2>/dev/null"));
}
