/* SPDX-License-Identifier: Apache-2.0 */
/* The API over real sockets in front of a real engine, asked by libcurl. */
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "control/api/api.h"
#include "control/api/routes.h"
#include "tests/unit/control/pipeline/lab.h"

#define SQL                                                                                        \
	"CREATE TABLE people (id INT, city STRING, age INT, ts TIMESTAMP(3), WATERMARK FOR ts AS " \
	"ts - INTERVAL '1' SECOND)"                                                                \
	" WITH ('connector'='udp', 'port'='5000', 'format'='csv');"                                \
	"CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, a DOUBLE) WITH "                  \
	"('connector'='blackhole');"                                                               \
	"INSERT INTO w SELECT window_start, city, COUNT(*), AVG(CAST(age AS DOUBLE)) FROM "        \
	"TABLE(TUMBLE(TABLE people,"                                                               \
	" DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, city;"

static struct lab lab;
static char socket_path[100];

static void setup(void)
{
	lab_make(&lab, 1);
	snprintf(socket_path, sizeof(socket_path), "%s/api.sock", lab.folder);
}

static void cleanup(void)
{
	lab_remove(&lab);
}

static size_t collect(char *bytes, size_t size, size_t cnt, void *arg)
{
	fb_buf_add(arg, bytes, size * cnt);
	return size * cnt;
}

/* One request; port 0: over the Unix socket. Returns the status; the body is appended to out. */
static long ask(
	uint16_t port, const char *method, const char *path, const char *body, struct fb_buf *out)
{
	CURL *curl = curl_easy_init();
	char url[256];
	long status = 0;

	LAB_CHECK(curl != NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port ? port : 80, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (port == 0)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	}
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	LAB_CHECK(curl_easy_perform(curl) == CURLE_OK, "%s %s", method, path);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	return status;
}

/* The same, with the body as JSON: the caller's reference. */
static json_t *ask_json(
	uint16_t port, const char *method, const char *path, const char *body, long want)
{
	struct fb_buf text = {0};
	long status = ask(port, method, path, body, &text);
	json_t *json = json_loadb(text.p ? text.p : "", text.len, 0, NULL);

	LAB_CHECK(status == want, "%s %s: status %ld: %s", method, path, status,
		text.p ? text.p : "");
	LAB_CHECK(json != NULL, "%s %s: no JSON: %s", method, path, text.p ? text.p : "");
	fb_buf_fini(&text);
	return json;
}

static const char *text_at(json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	LAB_CHECK(text != NULL, "no text '%s'", key);
	return text;
}

static struct fb_api *open_api(
	struct fb_engine *engine, uint16_t port, struct fb_appliance *conf, char listen_at[32])
{
	struct fb_diags diags;
	struct fb_api *api = NULL;

	listen_at[0] = '\0';
	if (port != 0)
		snprintf(listen_at, 32, "127.0.0.1:%u", port);
	*conf = (struct fb_appliance){.file = "lab.yaml", .name = "lab"};
	conf->store.path = lab.folder;
	conf->http.socket = socket_path;
	conf->http.listen = listen_at;
	conf->kernels = "auto";
	fb_diags_init(&diags, "lab.yaml");
	LAB_CHECK(fb_api_start(engine, NULL, conf, &diags, &api) == 0, "%s",
		diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	return api;
}

static char *apply_body(const char *sql, const char *name)
{
	json_t *json = json_pack("{s:s, s:s, s:s}", "sql", sql, "file", "a.sql", "name", name);
	char *text = json_dumps(json, 0);

	json_decref(json);
	return text;
}

/* ---- the life of a pipeline over HTTP ---- */

static void run_life(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_appliance conf;
	char listen_at[32];
	struct fb_api *api = open_api(engine, 0, &conf, listen_at);
	char *body = apply_body(SQL, "cities");
	json_t *json = ask_json(0, "POST", "/v1/pipelines", body, 201);
	struct stat about;

	LAB_CHECK(stat(socket_path, &about) == 0 && (about.st_mode & 0777) == 0660, "%o",
		about.st_mode);
	LAB_CHECK(strcmp(text_at(json, "name"), "cities") == 0);
	json_decref(json);
	json_decref(ask_json(0, "POST", "/v1/pipelines", body, 409));
	lab_receive(engine);
	lab_wait_records(engine, 3);

	json = ask_json(0, "POST", "/v1/pipelines/cities/drain?timeout_ms=5000", "", 200);
	LAB_CHECK(strcmp(text_at(json, "state"), "drained") == 0);
	json_decref(json);
	json = ask_json(0, "GET", "/v1/windows?pipeline=cities&limit=10", NULL, 200);
	LAB_CHECK(json_array_size(json_object_get(json, "columns")) == 4);
	LAB_CHECK(json_array_size(json_object_get(json, "rows")) == 2);
	json_decref(json);
	/* A page of one row, and the one before it. */
	json = ask_json(0, "GET", "/v1/windows?pipeline=cities&limit=1", NULL, 200);
	LAB_CHECK(json_integer_value(json_object_get(json, "first_seq")) == 1);
	json_decref(json);
	json = ask_json(0, "GET", "/v1/windows?pipeline=cities&limit=1&before=1", NULL, 200);
	LAB_CHECK(json_integer_value(json_object_get(json, "next_seq")) == 1);
	json_decref(json);
	json = ask_json(0, "GET", "/v1/ledger", NULL, 200);
	LAB_CHECK(json_is_true(json_object_get(json, "balanced")));
	json_decref(json);
	json = ask_json(0, "GET", "/v1/status", NULL, 200);
	LAB_CHECK(json_array_size(json_object_get(json, "pipelines")) == 1);
	json_decref(json);
	json = ask_json(0, "GET", "/v1/pipelines/cities", NULL, 200);
	LAB_CHECK(strcmp(text_at(json, "sql"), SQL) == 0);
	json_decref(json);
	json_decref(ask_json(0, "DELETE", "/v1/pipelines/cities", NULL, 200));
	json_decref(ask_json(0, "DELETE", "/v1/pipelines/cities", NULL, 404));
	json_decref(ask_json(0, "GET", "/v1/windows?pipeline=cities", NULL, 404));
	free(body);
	fb_api_stop(api);
	LAB_CHECK(stat(socket_path, &about) != 0, "the socket file is gone after a stop");
}

Test(api, life_of_a_pipeline, .init = setup, .fini = cleanup)
{
	lab_datagram(&lab, 0, 5000,
		"1,a,10,1970-01-01 00:00:01\n2,a,21,1970-01-01 00:00:02\n3,b,5,1970-01-01 "
		"00:00:02\n");
	lab_run(&lab, run_life, NULL);
}

/* ---- wrong requests ---- */

static void run_wrong(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_appliance conf;
	char listen_at[32];
	struct fb_api *api = open_api(engine, 0, &conf, listen_at);
	json_t *json = ask_json(0, "GET", "/v1/statsu", NULL, 404);
	char *long_body;

	LAB_CHECK(strstr(text_at(json, "hint"), "/v1/status") != NULL, "%s", text_at(json, "hint"));
	json_decref(json);
	json = ask_json(0, "DELETE", "/v1/status", NULL, 405);
	json_decref(json);
	json_decref(ask_json(0, "POST", "/v1/pipelines", "{\"sql\": 12}", 400));
	json_decref(ask_json(0, "POST", "/v1/pipelines", "{\"sql\": ", 400));
	json_decref(ask_json(0, "POST", "/v1/pipelines/nobody/drain", "", 404));

	char *body =
		apply_body("CREATE TABLE t (id INT);\nINSERT INTO t SELECT idd FROM t;", "bad");

	json = ask_json(0, "POST", "/v1/pipelines", body, 422);
	LAB_CHECK(json_array_size(json_object_get(json, "diagnostics")) > 0);
	json_t *first = json_array_get(json_object_get(json, "diagnostics"), 0);

	LAB_CHECK(json_integer_value(json_object_get(first, "line")) > 0, "a place in the file");
	json_decref(json);
	free(body);

	/* Longer than a body may be: refused as such, and the next request is served. */
	long_body = malloc(FB_API_BODY_MAX + 1001);
	LAB_CHECK(long_body != NULL);
	memset(long_body, ' ', FB_API_BODY_MAX + 1000);
	long_body[FB_API_BODY_MAX + 1000] = '\0';
	json_decref(ask_json(0, "POST", "/v1/pipelines", long_body, 413));
	free(long_body);
	json_decref(ask_json(0, "GET", "/v1/version", NULL, 200));
	fb_api_stop(api);
}

Test(api, wrong_requests_are_answered_and_change_nothing, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_wrong, NULL);
}

/* ---- TCP ---- */

static void run_tcp(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_appliance conf;
	struct fb_buf text = {0};
	char listen_at[32];
	uint16_t port = (uint16_t)(20000 + getpid() % 20000);
	struct fb_api *api = open_api(engine, port, &conf, listen_at);
	char *body = apply_body(SQL, "cities");
	json_t *json = ask_json(port, "POST", "/v1/pipelines", body, 405);

	LAB_CHECK(strstr(text_at(json, "hint"), "read-only") != NULL);
	json_decref(json);
	json_decref(ask_json(port, "DELETE", "/v1/pipelines/cities", NULL, 405));
	json_decref(ask_json(port, "GET", "/v1/status", NULL, 200));
	json = ask_json(port, "GET", "/v1/settings", NULL, 200);
	LAB_CHECK(strcmp(text_at(json, "name"), "lab") == 0);
	json_decref(json);
	LAB_CHECK(ask(port, "GET", "/healthz", NULL, &text) == 200 && strcmp(text.p, "ok\n") == 0);
	fb_buf_clear(&text);
	LAB_CHECK(ask(port, "GET", "/metrics", NULL, &text) == 200);
	LAB_CHECK(strstr(text.p, "\nforebay_ledger_balanced 1\n") != NULL);
	fb_buf_fini(&text);
	free(body);
	fb_api_stop(api);
}

/* ---- replays: what can be said without a raw log ---- */

static char *replay_body(const char *sql, const char *key, const char *value)
{
	json_t *json = json_pack("{s:s, s:s}", "sql", sql, key, value);
	char *text = json_dumps(json, 0);

	json_decref(json);
	return text;
}

static void refuse(const char *sql, const char *key, const char *value, long status, const char *words)
{
	char *body = replay_body(sql, key, value);
	json_t *json = ask_json(0, "POST", "/v1/replays", body, status);

	LAB_CHECK(strstr(text_at(json, "message"), words) != NULL, "%s", text_at(json, "message"));
	json_decref(json);
	free(body);
}

static void run_replays(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_recompute *recompute = NULL;
	struct fb_appliance conf = {.file = "lab.yaml", .name = "lab"};
	struct fb_stream_conf stream = {.table = (char[]){"people"}, .port = (char[]){"p0"}, .udp_port = 5000};
	struct fb_diags diags;
	struct fb_api *api = NULL;
	json_t *json;

	conf.http.socket = socket_path;
	conf.http.listen = (char[]){""};
	conf.kernels = (char[]){"auto"};
	conf.streams = &stream;
	conf.streams_count = 1;
	fb_diags_init(&diags, "lab.yaml");
	LAB_CHECK(fb_recompute_start(engine, &conf, &recompute) == 0);
	LAB_CHECK(fb_api_start(engine, recompute, &conf, &diags, &api) == 0);
	json = ask_json(0, "GET", "/v1/replays", NULL, 200);
	LAB_CHECK(json_is_array(json) && json_array_size(json) == 0);
	json_decref(json);
	refuse(SQL, "file", "a.sql", 422, "stream 'people' is not kept");
	refuse(SQL, "as", "never", 400, "'as' is none of its words");
	refuse(SQL, "from", "yesterday", 400, "'from' is no time");
	refuse(SQL, "into", "ww", 422, "declares no table 'ww'");
	refuse("SELECT 1;", "file", "a.sql", 422, "reads no stream");
	refuse("SELECT FROM;", "file", "a.sql", 422, "");
	json_decref(ask_json(0, "POST", "/v1/replays", "{}", 400));
	json_decref(ask_json(0, "POST", "/v1/replays", "{", 400));
	json_decref(ask_json(0, "POST", "/v1/pipelines/nobody/repair", NULL, 422));
	json_decref(ask_json(0, "GET", "/v1/replays/1", NULL, 404));
	json_decref(ask_json(0, "GET", "/v1/replays/x", NULL, 404));
	json_decref(ask_json(0, "GET", "/v1/replays/1/rows", NULL, 404));
	json_decref(ask_json(0, "GET", "/v1/replays/1/differences", NULL, 404));
	json_decref(ask_json(0, "POST", "/v1/replays/1/resume", NULL, 404));
	json_decref(ask_json(0, "DELETE", "/v1/replays/1", NULL, 404));
	json_decref(ask_json(0, "DELETE", "/v1/replays", NULL, 405));
	fb_api_stop(api);
	fb_recompute_stop(recompute);
	fb_diags_fini(&diags);
}

Test(api, replays_that_cannot_be_are_refused_in_words, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_replays, NULL);
}

Test(api, over_tcp_it_is_read_only, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_tcp, NULL);
}

/* ---- sockets ---- */

static void run_sockets(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fb_appliance conf, second;
	struct fb_api *other = NULL;
	struct fb_diags diags;
	char listen_at[32];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* Left behind by a process that was killed. */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	LAB_CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	close(fd);

	struct fb_api *api = open_api(engine, 0, &conf, listen_at);

	second = conf;
	fb_diags_init(&diags, "lab.yaml");
	LAB_CHECK(fb_api_start(engine, NULL, &second, &diags, &other) == FB_E_BUSY);
	LAB_CHECK(diags.error_cnt == 1 && strstr(diags.items[0].message, socket_path) != NULL);
	fb_diags_fini(&diags);
	json_decref(ask_json(0, "GET", "/v1/version", NULL, 200));
	fb_api_stop(api);
}

Test(api, a_stale_socket_is_replaced_and_a_served_one_is_not, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_sockets, NULL);
}
