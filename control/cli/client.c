/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/buf.h"
#include "config/base/errcode.h"

#define ANSWER_BYTES_MAX (256u << 20)

struct fb_client {
	CURL *curl;
	struct curl_slist *headers;
	char *socket;
	const struct fb_client_file *file;
	char curl_error[CURL_ERROR_SIZE];
	char error[CURL_ERROR_SIZE + 256];
};

static size_t take_answer(char *bytes, size_t one, size_t len, void *arg)
{
	struct fb_buf *answer = arg;

	if (answer->len + len > ANSWER_BYTES_MAX)
		return 0;
	fb_buf_add(answer, bytes, len);
	return answer->failed ? 0 : len;
}

int fb_client_open(const char *socket, struct fb_client **ret)
{
	struct fb_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return FB_E_NO_MEMORY;
	client->curl = curl_easy_init();
	client->socket = strdup(socket);
	client->headers = curl_slist_append(NULL, "Content-Type: application/json");
	/* Otherwise curl asks for "100 Continue" first where a body is long. */
	if (client->headers)
		curl_slist_append(client->headers, "Expect:");
	if (client->curl == NULL || client->socket == NULL || client->headers == NULL) {
		fb_client_close(client);
		return FB_E_NO_MEMORY;
	}
	fb_client_set_timeout_ms(client, 30000);
	*ret = client;
	return 0;
}

void fb_client_close(struct fb_client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	curl_slist_free_all(client->headers);
	free(client->socket);
	free(client);
}

const char *fb_client_error(const struct fb_client *client)
{
	return client->error;
}

void fb_client_set_timeout_ms(struct fb_client *client, uint32_t timeout_ms)
{
	curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
}

void fb_client_set_file(struct fb_client *client, const struct fb_client_file *file)
{
	client->file = file;
}

void fb_client_escape(const char *text, struct fb_buf *out)
{
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			strchr("-._~", c))
			fb_buf_add_char(out, (char)c);
		else
			fb_buf_printf(out, "%%%02X", c);
	}
}

static int fail(struct fb_client *client, int rc, const char *what)
{
	snprintf(client->error, sizeof(client->error), "%s", what);
	return rc;
}

static int transport_error(struct fb_client *client, CURLcode code)
{
	long os_error = 0;

	curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &os_error);
	if (code == CURLE_COULDNT_CONNECT) {
		snprintf(client->error, sizeof(client->error), "%s: %s", client->socket,
			os_error ? strerror((int)os_error) : "nobody answers");
		return os_error == EACCES || os_error == EPERM ? FB_E_PERMISSION : FB_E_UNREACHABLE;
	}
	snprintf(client->error, sizeof(client->error), "%s",
		client->curl_error[0] ? client->curl_error : curl_easy_strerror(code));
	return code == CURLE_OPERATION_TIMEDOUT ? FB_E_TIMEOUT : FB_E_IO;
}

/* One exchange; the body of the answer is in *answer. */
static int exchange(struct fb_client *client, const char *method, const char *path,
	const char *body, long *ret_status, struct fb_buf *answer)
{
	CURL *curl = client->curl;
	struct fb_buf url = {0};
	CURLcode code;

	fb_buf_printf(&url, "http://appliance%s", path);
	if (url.failed || url.p == NULL)
		return fail(client, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	client->curl_error[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
	curl_easy_setopt(curl, CURLOPT_URL, url.p);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* a pipeline may be called ".." */
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	/* A handle keeps what earlier calls set: each of the two is set or taken back every time.
	 */
	curl_easy_setopt(curl, body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	code = curl_easy_perform(curl);
	fb_buf_fini(&url);
	if (code != CURLE_OK)
		return transport_error(client, code);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	return 0;
}

int fb_client_call(struct fb_client *client, const char *method, const char *path,
	const json_t *body, long *ret_status, json_t **ret_json)
{
	struct fb_buf answer = {0};
	json_error_t error;
	json_t *json = NULL;
	long status = 0;
	/* These two have to say the length of their body, even if it is 0. */
	bool carries = body || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
	char *text = body      ? json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY)
		     : carries ? strdup("")
			       : NULL;
	int rc;

	if (carries && text == NULL)
		return fail(client, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	client->error[0] = '\0';
	rc = exchange(client, method, path, text, &status, &answer);
	free(text);
	if (rc == 0 && answer.len) {
		json = json_loadb(answer.p, answer.len, JSON_DECODE_ANY, &error);
		if (json == NULL) {
			snprintf(client->error, sizeof(client->error),
				"the answer to %s %s (status %ld) is no JSON: %s", method, path,
				status, error.text);
			rc = FB_E_CORRUPT;
		}
	}
	fb_buf_fini(&answer);
	if (rc != 0)
		return rc;
	*ret_status = status;
	*ret_json = json;
	return 0;
}

/* ---- errors told to the user ---- */

static uint32_t uint_of(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 && value < UINT32_MAX ? (uint32_t)value : 0;
}

static void print_diagnostics(
	struct fb_cli *cli, const struct fb_client_file *file, const json_t *items)
{
	struct fb_diags diags;
	const json_t *item;
	size_t i;

	fb_diags_init(&diags, file ? file->name : "appliance");
	json_array_foreach(items, i, item)
	{
		const char *severity = json_string_value(json_object_get(item, "severity"));
		const char *message = json_string_value(json_object_get(item, "message"));
		struct fb_place place = {
			uint_of(item, "line"), uint_of(item, "column"), uint_of(item, "length")};

		fb_diags_add(&diags,
			severity && strcmp(severity, "warning") == 0 ? FB_WARNING
			: severity && strcmp(severity, "note") == 0  ? FB_NOTE
								     : FB_ERROR_SEVERITY,
			place, json_string_value(json_object_get(item, "hint")), "%s",
			message ? message : "?");
	}
	fb_diags_print(&diags, file ? file->text : NULL, cli->err);
	fb_diags_fini(&diags);
}

static bool is_among(const json_t *items, const char *message)
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *other = json_string_value(json_object_get(item, "message"));

		if (other && strcmp(other, message) == 0)
			return true;
	}
	return false;
}

static int refused(
	struct fb_cli *cli, const struct fb_client *client, long status, const json_t *answer)
{
	const char *message = json_string_value(json_object_get(answer, "message"));
	const char *hint = json_string_value(json_object_get(answer, "hint"));
	const json_t *items = json_object_get(answer, "diagnostics");

	if (cli->output == FB_OUTPUT_JSON && answer != NULL)
		fb_cli_print_json(cli, answer);
	else if (json_array_size(items))
		print_diagnostics(cli, client->file, items);
	/* Said already, with its place. */
	if (message && cli->output != FB_OUTPUT_JSON && is_among(items, message))
		return FB_EXIT_REFUSED;
	if (message)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, hint, "%s", message);
	return fb_cli_fail(
		cli, FB_EXIT_REFUSED, hint, "the appliance answered with status %ld", status);
}

static int unreachable(struct fb_cli *cli, const struct fb_client *client, int rc)
{
	if (rc == FB_E_UNREACHABLE)
		return fb_cli_fail(cli, FB_EXIT_UNREACHABLE,
			"is forebayd running? --socket PATH or $FOREBAY_SOCKET names another "
			"socket",
			"no appliance answers at %s", fb_client_error(client));
	if (rc == FB_E_PERMISSION)
		return fb_cli_fail(cli, FB_EXIT_UNREACHABLE,
			"run it as root, or as a member of the socket's group", "%s",
			fb_client_error(client));
	return fb_cli_fail(cli, rc == FB_E_CORRUPT ? FB_EXIT_REFUSED : FB_EXIT_UNREACHABLE, NULL,
		"%s", fb_client_error(client));
}

int fb_client_ask(struct fb_cli *cli, struct fb_client *client, const char *method,
	const char *path, const json_t *body, json_t **ret_json)
{
	json_t *answer = NULL;
	long status;
	int rc = fb_client_call(client, method, path, body, &status, &answer);

	if (rc != 0)
		return unreachable(cli, client, rc);
	if (status >= 200 && status <= 299) {
		const json_t *items = json_object_get(answer, "diagnostics");

		/* It was done, with warnings. */
		if (cli->output != FB_OUTPUT_JSON && json_array_size(items))
			print_diagnostics(cli, client->file, items);
		*ret_json = answer;
		return FB_EXIT_DONE;
	}
	int code = refused(cli, client, status, answer);

	json_decref(answer);
	return code;
}
