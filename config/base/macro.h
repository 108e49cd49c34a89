/* SPDX-License-Identifier: Apache-2.0 */
/* The few compiler words that every room uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FB_MUST_CHECK __attribute__((warn_unused_result))
#define FB_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define FB_LIKELY(x) __builtin_expect(!!(x), 1)
#define FB_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define FB_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
/* Arguments are evaluated twice: no loads of what another thread writes. */
#define FB_MIN(a, b) ((a) < (b) ? (a) : (b))
#define FB_MAX(a, b) ((a) > (b) ? (a) : (b))
#define FB_UNUSED __attribute__((unused))
/* For a must-check result that truly does not matter; the place says why. */
#define FB_IGNORE(call) ((void)!(call))

/* Two neighbouring lines: the adjacent-line prefetcher of x86 servers pairs them. */
#define FB_CACHE_LINE_BYTES 64
#define FB_CACHE_ALIGNED _Alignas(64)
