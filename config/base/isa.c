/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/isa.h"

#include <string.h>

enum fb_isa fb_isa_detect(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
		!__builtin_cpu_supports("bmi2"))
		return FB_ISA_SCALAR;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
		__builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2"))
		return FB_ISA_AVX512;
	return FB_ISA_AVX2;
}

static const char *const names[] = {
	[FB_ISA_SCALAR] = "scalar", [FB_ISA_AVX2] = "avx2", [FB_ISA_AVX512] = "avx512"};

const char *fb_isa_name(enum fb_isa isa)
{
	return names[isa];
}

int fb_isa_parse(const char *name, enum fb_isa *ret_isa)
{
	enum fb_isa best = fb_isa_detect();

	if (strcmp(name, "auto") == 0) {
		*ret_isa = best;
		return 0;
	}
	for (size_t i = 0; i < FB_ARRAY_LEN(names); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		if (i > best)
			return FB_E_UNSUPPORTED;
		*ret_isa = (enum fb_isa)i;
		return 0;
	}
	return FB_E_INVALID;
}
