/* SPDX-License-Identifier: Apache-2.0 */
#include "config/appliance/appliance.h"

#include <errno.h>
#include <stdlib.h>

#include "config/appliance/check.h"
#include "config/appliance/schema.h"
#include "config/base/buf.h"
#include "config/base/errcode.h"

static int build(struct fb_document *document, const char *file, struct fb_appliance **ret)
{
	struct fb_appliance *appliance = NULL;
	int rc = fb_check_shape(document);

	if (rc == 0)
		rc = fb_schema_load(document, &appliance);
	if (rc != 0)
		return rc;
	appliance->file = strdup(file);
	rc = appliance->file ? fb_check_meaning(document, appliance) : FB_E_NO_MEMORY;
	if (rc != 0) {
		fb_schema_free(appliance);
		return rc;
	}
	*ret = appliance;
	return 0;
}

int fb_appliance_parse(
	const char *file, struct fb_str text, struct fb_diags *diags, struct fb_appliance **ret)
{
	struct fb_document document;
	int rc;

	/* Editors of other systems write a byte order mark; libyaml is told that this is UTF-8 and
	 * wants none. */
	if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text = (struct fb_str){text.p + 3, text.len - 3};
	rc = fb_document_open(&document, text, diags);
	if (rc != 0)
		return rc;
	rc = build(&document, file, ret);
	fb_document_close(&document);
	return rc;
}

/* At most a byte more than is taken, so that what is too long is seen to be. */
static int read_file(const char *path, struct fb_buf *ret)
{
	FILE *in = fopen(path, "rbe");
	size_t got;

	if (in == NULL)
		return FB_E_IO;
	do {
		char *at = fb_buf_reserve(ret, 65536);

		got = at ? fread(at, 1, 65536, in) : 0;
		ret->len += got;
	} while (got > 0 && ret->len <= FB_DOCUMENT_BYTES_MAX);
	if (ferror(in) || ret->failed) {
		int saved = errno;

		fclose(in);
		errno = saved;
		return ret->failed ? FB_E_NO_MEMORY : FB_E_IO;
	}
	fclose(in);
	return 0;
}

int fb_appliance_load(const char *path, struct fb_diags *diags, struct fb_appliance **ret)
{
	struct fb_buf text = {0};
	int rc = read_file(path, &text);

	if (rc == FB_E_IO)
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0},
			"forebayd --sample writes one with every setting", "cannot be read: %s",
			strerror(errno));
	if (rc == 0)
		rc = fb_appliance_parse(
			path, (struct fb_str){text.p, (uint32_t)text.len}, diags, ret);
	fb_buf_fini(&text);
	return rc;
}

void fb_appliance_destroy(struct fb_appliance *appliance)
{
	fb_schema_free(appliance);
}
