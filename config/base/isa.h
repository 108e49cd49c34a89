/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which instruction set the kernels use. One binary holds every kernel; the choice is made once at start,
 * so that one package runs on every x86-64 server. A room compiles one kernel source per set.
 */
#pragma once

#include "config/base/errcode.h"

enum fb_isa {
	FB_ISA_SCALAR, /* plain C, any x86-64 */
	FB_ISA_AVX2,   /* AVX2, BMI1, BMI2 */
	FB_ISA_AVX512, /* AVX-512 F, BW, DQ, VL, VBMI, VBMI2 and the above */
};

/* The best that this processor and kernel support. */
enum fb_isa fb_isa_detect(void);
const char *fb_isa_name(enum fb_isa isa);
/* "auto", "avx512", "avx2" or "scalar". FB_E_INVALID unknown; FB_E_UNSUPPORTED not on this processor. */
int fb_isa_parse(const char *name, enum fb_isa *ret_isa) FB_MUST_CHECK;
