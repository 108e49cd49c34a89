/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/errcode.h"

#include <errno.h>

const char *fb_strerror(int err)
{
	switch (err) {
	case FB_OK:
		return "success";
#define FB_ERROR(name, code, text)                                                                 \
	case FB_E_##name:                                                                          \
		return text;
#include "config/tables/error.def"
#undef FB_ERROR
	}
	return "unknown error";
}

const char *fb_errname(int err)
{
	switch (err) {
	case FB_OK:
		return "OK";
#define FB_ERROR(name, code, text)                                                                 \
	case FB_E_##name:                                                                          \
		return #name;
#include "config/tables/error.def"
#undef FB_ERROR
	}
	return "UNKNOWN";
}

int fb_err_from_errno(int errnum)
{
	switch (errnum) {
	case EINVAL:
		return FB_E_INVALID;
	case ENOMEM:
		return FB_E_NO_MEMORY;
	case ENOENT:
		return FB_E_NOT_FOUND;
	case EEXIST:
		return FB_E_EXISTS;
	case EAGAIN:
	case EINTR:
		return FB_E_AGAIN;
	case ENOSPC:
	case ENOBUFS:
		return FB_E_FULL;
	case ETIMEDOUT:
		return FB_E_TIMEOUT;
	case EBUSY:
	case EADDRINUSE:
		return FB_E_BUSY;
	case EPERM:
	case EACCES:
		return FB_E_PERMISSION;
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return FB_E_UNREACHABLE;
	case ENODEV:
	case ENXIO:
		return FB_E_DEVICE;
	default:
		return FB_E_IO;
	}
}
