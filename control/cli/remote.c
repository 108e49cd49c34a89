/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/remote.h"

#include <stdlib.h>
#include <string.h>

#include "config/base/errcode.h"

int fb_remote_ask(struct fb_cli *cli, const char *method, const char *path, const json_t *body,
	json_t **ret_json)
{
	struct fb_client *client;
	int code;

	if (fb_client_open(cli->socket, &client) != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	code = fb_client_ask(cli, client, method, path, body, ret_json);
	fb_client_close(client);
	return code;
}

int fb_remote_view(struct fb_cli *cli, const char *path, json_t **ret_json)
{
	json_t *json = NULL;
	int code = fb_remote_ask(cli, "GET", path, NULL, &json);

	*ret_json = NULL;
	if (code == FB_EXIT_DONE && cli->output == FB_OUTPUT_JSON) {
		fb_cli_print_json(cli, json);
		json_decref(json);
	} else if (code == FB_EXIT_DONE) {
		*ret_json = json;
	}
	return code;
}

#define ANSWER_SLACK_S 15

int fb_remote_post_long(struct fb_cli *cli, struct fb_buf *path, uint64_t timeout_s, json_t **ret_json)
{
	struct fb_client *client;
	json_t *json = NULL;
	int code;

	*ret_json = NULL;
	fb_buf_printf(path, "?timeout_ms=%llu", (unsigned long long)timeout_s * 1000);
	if (path->failed || fb_client_open(cli->socket, &client) != 0) {
		fb_buf_fini(path);
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	}
	fb_client_set_timeout_ms(client, (uint32_t)(timeout_s + ANSWER_SLACK_S) * 1000);
	code = fb_client_ask(cli, client, "POST", path->p, NULL, &json);
	fb_client_close(client);
	fb_buf_fini(path);
	if (code == FB_EXIT_DONE && cli->output == FB_OUTPUT_JSON)
		fb_cli_print_json(cli, json);
	if (code == FB_EXIT_DONE && cli->output != FB_OUTPUT_JSON)
		*ret_json = json;
	else
		json_decref(json);
	return code;
}

json_t *fb_remote_at(json_t *json, const char *path)
{
	char key[64];

	while (json != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");

		snprintf(key, sizeof(key), "%.*s", (int)len, path);
		json = json_object_get(json, key);
		path += len + (path[len] == '.');
	}
	return json;
}

uint64_t fb_remote_u64(json_t *json, const char *path)
{
	return (uint64_t)json_integer_value(fb_remote_at(json, path));
}

double fb_remote_real(json_t *json, const char *path)
{
	return json_number_value(fb_remote_at(json, path));
}

const char *fb_remote_text(json_t *json, const char *path)
{
	const char *text = json_string_value(fb_remote_at(json, path));

	return text ? text : "";
}

bool fb_remote_bool(json_t *json, const char *path)
{
	return json_is_true(fb_remote_at(json, path));
}

const char *fb_remote_count(uint64_t value, char text[FB_REMOTE_TEXT_BYTES])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	char *at = text;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = '\0';
	return text;
}

const char *fb_remote_bytes(uint64_t value, char text[FB_REMOTE_TEXT_BYTES])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	double scaled = (double)value;
	size_t unit = 0;

	while (scaled >= 999.5 && unit + 1 < FB_ARRAY_LEN(units)) {
		scaled /= 1000;
		unit++;
	}
	snprintf(text, FB_REMOTE_TEXT_BYTES, "%.*f %s", unit > 0 && scaled < 100 ? 1 : 0, scaled,
		units[unit]);
	return text;
}

const char *fb_remote_span(double seconds, char text[FB_REMOTE_TEXT_BYTES])
{
	uint64_t s = seconds > 0 ? (uint64_t)seconds : 0;

	if (s < 60)
		snprintf(text, FB_REMOTE_TEXT_BYTES, "%u s", (unsigned)s);
	else if (s < 3600)
		snprintf(text, FB_REMOTE_TEXT_BYTES, "%u min %u s", (unsigned)(s / 60),
			(unsigned)(s % 60));
	else if (s < 86400)
		snprintf(text, FB_REMOTE_TEXT_BYTES, "%u h %u min", (unsigned)(s / 3600),
			(unsigned)(s / 60 % 60));
	else
		snprintf(text, FB_REMOTE_TEXT_BYTES, "%llu d %u h", (unsigned long long)(s / 86400),
			(unsigned)(s / 3600 % 24));
	return text;
}
