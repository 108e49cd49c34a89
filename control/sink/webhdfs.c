/* SPDX-License-Identifier: Apache-2.0 */
#include "control/sink/webhdfs.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 3000L
#define CALL_TIMEOUT_MS 30000L
/* A connection that carries less than this is as good as dead. */
#define LOW_SPEED_BYTES 1L
#define LOW_SPEED_S 15L

struct fb_webhdfs {
	CURL *curl;
	char *base;
	char *user;
	struct fb_buf answer;
};

struct upload {
	const char *bytes;
	size_t left;
};

static size_t on_answer(char *bytes, size_t size, size_t cnt, void *arg)
{
	struct fb_buf *answer = arg;

	/* Answers are short; what is longer is not one of WebHDFS. */
	if (answer->len < 65536)
		fb_buf_add(answer, bytes, size * cnt);
	return size * cnt;
}

static size_t on_upload(char *out, size_t size, size_t cnt, void *arg)
{
	struct upload *upload = arg;
	size_t len = FB_MIN(size * cnt, upload->left);

	memcpy(out, upload->bytes, len);
	upload->bytes += len;
	upload->left -= len;
	return len;
}

int fb_webhdfs_open(const char *base, const char *user, struct fb_webhdfs **ret)
{
	struct fb_webhdfs *hdfs = calloc(1, sizeof(*hdfs));

	if (hdfs == NULL)
		return FB_E_NO_MEMORY;
	hdfs->curl = curl_easy_init();
	hdfs->base = strdup(base);
	hdfs->user = strdup(user && user[0] ? user : "");
	if (hdfs->curl == NULL || hdfs->base == NULL || hdfs->user == NULL) {
		fb_webhdfs_close(hdfs);
		return FB_E_NO_MEMORY;
	}
	*ret = hdfs;
	return 0;
}

void fb_webhdfs_close(struct fb_webhdfs *hdfs)
{
	if (hdfs == NULL)
		return;
	if (hdfs->curl != NULL)
		curl_easy_cleanup(hdfs->curl);
	fb_buf_fini(&hdfs->answer);
	free(hdfs->base);
	free(hdfs->user);
	free(hdfs);
}

/* ---- requests ---- */

/* Slashes stay; everything else that a URL cannot hold is escaped. */
static void add_escaped(CURL *curl, const char *path, struct fb_buf *url)
{
	while (*path != '\0') {
		size_t part = strcspn(path, "/");
		char *escaped = part ? curl_easy_escape(curl, path, (int)part) : NULL;

		if (escaped != NULL)
			fb_buf_add_text(url, escaped);
		curl_free(escaped);
		path += part;
		if (*path == '/')
			fb_buf_add_char(url, *path++);
	}
}

static int call(struct fb_webhdfs *hdfs, const char *method, const char *url, struct upload *upload, long *ret_status,
	struct fb_buf *message)
{
	CURL *curl = hdfs->curl;
	CURLcode code;

	fb_buf_clear(&hdfs->answer);
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	if (upload == NULL)
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, CALL_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &hdfs->answer);
	if (upload != NULL) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(curl, CURLOPT_READDATA, upload);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload->left);
	}
	code = curl_easy_perform(curl);
	if (code != CURLE_OK) {
		fb_buf_printf(message, "WebHDFS at %s: %s", hdfs->base, curl_easy_strerror(code));
		return FB_E_UNREACHABLE;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	return 0;
}

/* Errors come as {"RemoteException": {"exception": …, "message": …}}. */
static int remote_error(struct fb_webhdfs *hdfs, long status, struct fb_buf *message)
{
	json_t *json = json_loadb(hdfs->answer.p ? hdfs->answer.p : "", hdfs->answer.len, 0, NULL);
	json_t *remote = json_object_get(json, "RemoteException");
	const char *exception = json_string_value(json_object_get(remote, "exception"));
	const char *words = json_string_value(json_object_get(remote, "message"));
	int rc = FB_E_REFUSED;

	if (exception != NULL && strcmp(exception, "FileNotFoundException") == 0)
		rc = FB_E_NOT_FOUND;
	/* A NameNode that has just started, or has no DataNode yet, will answer better in a while. */
	else if (status == 503 || (exception != NULL && (strstr(exception, "SafeMode") || strstr(exception, "Retriable") ||
								strstr(exception, "Standby"))) ||
		(words != NULL && (strstr(words, "Name node is in safe mode") || strstr(words, "could only be written to 0") ||
					  strstr(words, "Failed to find datanode"))))
		rc = FB_E_UNREACHABLE;
	fb_buf_printf(message, "WebHDFS: %s: %.*s", exception ? exception : "answer", 300,
		words ? words : (hdfs->answer.p && hdfs->answer.len ? hdfs->answer.p : "no text"));
	if (exception == NULL)
		fb_buf_printf(message, " (HTTP %ld)", status);
	json_decref(json);
	return rc;
}

static void make_url(struct fb_webhdfs *hdfs, const char *path, const char *operation, struct fb_buf *url)
{
	fb_buf_printf(url, "%s/webhdfs/v1", hdfs->base);
	add_escaped(hdfs->curl, path, url);
	fb_buf_printf(url, "?op=%s", operation);
	if (hdfs->user[0] != '\0') {
		fb_buf_add_text(url, "&user.name=");
		add_escaped(hdfs->curl, hdfs->user, url);
	}
}

/* A call whose answer may be {"boolean": …}; *ret_done is that, or true. */
static int simple(struct fb_webhdfs *hdfs, const char *method, const struct fb_buf *url, bool *ret_done, struct fb_buf *message)
{
	long status = 0;
	int rc = url->failed ? FB_E_NO_MEMORY : call(hdfs, method, url->p, NULL, &status, message);
	json_t *json;

	if (rc != 0)
		return rc;
	if (status / 100 != 2)
		return remote_error(hdfs, status, message);
	json = json_loadb(hdfs->answer.p ? hdfs->answer.p : "", hdfs->answer.len, 0, NULL);
	*ret_done = !json_is_false(json_object_get(json, "boolean"));
	json_decref(json);
	return 0;
}

int fb_webhdfs_mkdirs(struct fb_webhdfs *hdfs, const char *path, struct fb_buf *message)
{
	struct fb_buf url = {0};
	bool done = false;
	int rc;

	make_url(hdfs, path, "MKDIRS", &url);
	rc = simple(hdfs, "PUT", &url, &done, message);
	fb_buf_fini(&url);
	return rc ? rc : done ? 0 : FB_E_REFUSED;
}

int fb_webhdfs_rename(struct fb_webhdfs *hdfs, const char *from, const char *to, struct fb_buf *message)
{
	struct fb_buf url = {0};
	bool done = false;
	int rc;

	make_url(hdfs, from, "RENAME", &url);
	fb_buf_add_text(&url, "&destination=");
	add_escaped(hdfs->curl, to, &url);
	rc = simple(hdfs, "PUT", &url, &done, message);
	fb_buf_fini(&url);
	if (rc == 0 && !done) {
		fb_buf_printf(message, "WebHDFS: %s was not renamed to %s", from, to);
		rc = FB_E_EXISTS;
	}
	return rc;
}

int fb_webhdfs_stat(struct fb_webhdfs *hdfs, const char *path, struct fb_buf *message)
{
	struct fb_buf url = {0};
	bool done;
	int rc;

	make_url(hdfs, path, "GETFILESTATUS", &url);
	rc = simple(hdfs, "GET", &url, &done, message);
	fb_buf_fini(&url);
	return rc;
}

int fb_webhdfs_delete(struct fb_webhdfs *hdfs, const char *path, struct fb_buf *message)
{
	struct fb_buf url = {0};
	bool done;
	int rc;

	make_url(hdfs, path, "DELETE", &url);
	rc = simple(hdfs, "DELETE", &url, &done, message);
	fb_buf_fini(&url);
	return rc;
}

/* Two steps: the NameNode names a DataNode by a redirect, the bytes go there. */
int fb_webhdfs_put(struct fb_webhdfs *hdfs, const char *path, const void *bytes, size_t len, struct fb_buf *message)
{
	struct upload upload = {bytes, len};
	struct fb_buf url = {0};
	char *redirect = NULL;
	long status = 0;
	int rc;

	make_url(hdfs, path, "CREATE", &url);
	fb_buf_add_text(&url, "&overwrite=true");
	rc = call(hdfs, "PUT", url.p, NULL, &status, message);
	fb_buf_fini(&url);
	if (rc != 0)
		return rc;
	if (status != 307)
		return remote_error(hdfs, status, message);
	curl_easy_getinfo(hdfs->curl, CURLINFO_REDIRECT_URL, &redirect);
	if (redirect == NULL || (redirect = strdup(redirect)) == NULL)
		return FB_E_NO_MEMORY;
	rc = call(hdfs, "PUT", redirect, &upload, &status, message);
	free(redirect);
	if (rc == 0 && status != 201)
		rc = remote_error(hdfs, status, message);
	/* A DataNode's refusal concerns this attempt: another may be named next time. */
	return rc == FB_E_REFUSED ? FB_E_UNREACHABLE : rc;
}
