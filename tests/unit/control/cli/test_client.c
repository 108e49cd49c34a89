/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a server that answers what the test wants, over a real Unix socket. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/base/errcode.h"
#include "control/cli/client.h"

struct server {
	char folder[32];
	struct sockaddr_un address;
	const char *answer; /* NULL: hangs up */
	char request[4096];
	pthread_t thread;
	int listener;
};

/* Headers are there, and as many bytes behind them as Content-Length says. */
static bool is_complete(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n"),
		   *length = strstr(request, "Content-Length: ");

	return end &&
	       strlen(end + 4) >= (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
}

static void *serve(void *arg)
{
	struct server *server = arg;
	int fd = accept(server->listener, NULL, NULL);
	size_t len = 0;
	ssize_t got;

	while (len < sizeof(server->request) - 1 && !is_complete(server->request) &&
		(got = read(fd, server->request + len, sizeof(server->request) - 1 - len)) > 0)
		len += (size_t)got;
	if (server->answer)
		cr_assert_eq(write(fd, server->answer, strlen(server->answer)),
			(ssize_t)strlen(server->answer));
	close(fd);
	return NULL;
}

static void start(struct server *server, const char *answer)
{
	*server = (struct server){.folder = "/tmp/forebay-client.XXXXXX",
		.address.sun_family = AF_UNIX,
		.answer = answer};
	cr_assert_not_null(mkdtemp(server->folder));
	snprintf(
		server->address.sun_path, sizeof(server->address.sun_path), "%s/s", server->folder);
	server->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(server->listener, (struct sockaddr *)&server->address,
			     sizeof(server->address)),
		0);
	cr_assert_eq(listen(server->listener, 1), 0);
	cr_assert_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	pthread_join(server->thread, NULL);
	close(server->listener);
	unlink(server->address.sun_path);
	rmdir(server->folder);
}

#define OK(body) \
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n" body

Test(client, get)
{
	struct server server;
	struct fb_client *client;
	json_t *json = NULL;
	long status = 0;

	start(&server, OK("{\"a\": 1}"));
	cr_assert_eq(fb_client_open(server.address.sun_path, &client), 0);
	cr_assert_eq(fb_client_call(client, "GET", "/v1/x?y=1", NULL, &status, &json), 0, "%s",
		fb_client_error(client));
	cr_assert_eq(status, 200);
	cr_assert_eq(json_integer_value(json_object_get(json, "a")), 1);
	cr_assert_eq(
		strncmp(server.request, "GET /v1/x?y=1 HTTP/1.1\r\n", 24), 0, "%s", server.request);
	json_decref(json);
	fb_client_close(client);
	stop(&server);
}

Test(client, post_with_and_without_body)
{
	json_t *body = json_pack("{s:s}", "sql", "SELECT \xc3\xbc");

	for (int with = 0; with < 2; with++) {
		struct server server;
		struct fb_client *client;
		json_t *json = NULL;
		long status = 0;

		start(&server, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
		cr_assert_eq(fb_client_open(server.address.sun_path, &client), 0);
		cr_assert_eq(
			fb_client_call(client, "POST", "/v1/p", with ? body : NULL, &status, &json),
			0);
		cr_assert_eq(status, 204);
		cr_assert_null(json);
		cr_assert_eq(strncmp(server.request, "POST /v1/p", 10), 0);
		cr_assert_not_null(strstr(server.request,
			with ? "\r\n\r\n{\"sql\":\"SELECT \xc3\xbc\"}" : "Content-Length: 0"));
		fb_client_close(client);
		stop(&server);
	}
	json_decref(body);
}

Test(client, what_is_no_answer)
{
	static const struct {
		const char *answer;
		int rc;
	} cases[] = {{OK("<html>"), FB_E_CORRUPT}, {NULL, FB_E_IO}, {"nonsense\r\n\r\n", FB_E_IO}};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		struct server server;
		struct fb_client *client;
		json_t *json = NULL;
		long status = 0;

		start(&server, cases[i].answer);
		cr_assert_eq(fb_client_open(server.address.sun_path, &client), 0);
		cr_expect_eq(fb_client_call(client, "DELETE", "/", NULL, &status, &json),
			cases[i].rc, "case %zu", i);
		cr_expect_gt(strlen(fb_client_error(client)), 0);
		cr_expect_null(json);
		fb_client_close(client);
		stop(&server);
	}
}

/* What the user sees and which exit code the script gets. */
static int ask(struct fb_client *client, const struct fb_client_file *file, char **ret_said)
{
	static const struct fb_cli_command command = {.name = "apply"};
	size_t len;
	FILE *err = open_memstream(ret_said, &len);
	struct fb_cli cli = {.out = stdout, .err = err, .command = &command};
	json_t *json = NULL;
	int code;

	fb_client_set_file(client, file);
	code = fb_client_ask(&cli, client, "POST", "/v1/pipelines", NULL, &json);
	json_decref(json);
	fclose(err);
	return code;
}

Test(client, a_refusal_is_told_with_line_and_caret)
{
	struct fb_client_file file = {.name = "a.sql", .text = "SELECT 1;\nSELEC 2;\n"};
	struct server server;
	struct fb_client *client;
	char *said;

	start(&server, "HTTP/1.1 422 No\r\nConnection: close\r\n\r\n{\"error\": \"SYNTAX\", "
		       "\"message\": \"not applied\", "
		       "\"diagnostics\": [{\"severity\": \"error\", \"line\": 2, \"column\": 1, "
		       "\"length\": 5, "
		       "\"message\": \"what is SELEC\", \"hint\": \"SELECT\"}]}");
	cr_assert_eq(fb_client_open(server.address.sun_path, &client), 0);
	cr_assert_eq(ask(client, &file, &said), FB_EXIT_REFUSED);
	cr_assert_str_eq(said, "a.sql:2:1: error: what is SELEC\n"
			       "    2 | SELEC 2;\n"
			       "      | ^~~~~\n"
			       "        hint: SELECT\n"
			       "forebay apply: not applied\n");
	free(said);
	fb_client_close(client);
	stop(&server);
}

Test(client, exit_codes)
{
	struct server server;
	struct fb_client *client;
	char *said;

	start(&server, OK("[]"));
	cr_assert_eq(fb_client_open(server.address.sun_path, &client), 0);
	cr_assert_eq(ask(client, NULL, &said), FB_EXIT_DONE);
	cr_assert_str_eq(said, "");
	free(said);
	fb_client_close(client);
	stop(&server);

	start(&server, "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n");
	cr_assert_eq(fb_client_open(server.address.sun_path, &client), 0);
	cr_assert_eq(ask(client, NULL, &said), FB_EXIT_REFUSED);
	cr_assert_not_null(strstr(said, "status 500"));
	free(said);
	fb_client_close(client);
	stop(&server);

	/* The socket's file is gone, as after a stop of the daemon. */
	cr_assert_eq(fb_client_open(server.address.sun_path, &client), 0);
	cr_assert_eq(ask(client, NULL, &said), FB_EXIT_UNREACHABLE);
	cr_assert_not_null(strstr(said, "is forebayd running?"));
	free(said);
	fb_client_close(client);
}
