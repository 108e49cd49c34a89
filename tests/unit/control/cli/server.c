/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <criterion/criterion.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/base/buf.h"

/* The query as it came on the wire: MHD keeps no such text, so that it is put together again. */
static enum MHD_Result add_parameter(
	void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct fb_buf *query = arg;

	fb_buf_printf(query, "%s%s=%s", query->len ? "&" : "", key, value ? value : "");
	return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **state)
{
	struct server *server = arg;
	struct fb_buf *body = *state;
	struct fb_buf query = {0};
	json_t *json = NULL;

	if (body == NULL) {
		*state = calloc(1, sizeof(*body));
		return *state ? MHD_YES : MHD_NO;
	}
	if (*upload_len > 0) {
		fb_buf_add(body, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_parameter, &query);
	pthread_mutex_lock(&server->lock);
	size_t used = strlen(server->asked);

	snprintf(server->asked + used, sizeof(server->asked) - used, "%s %s%s%s\n", method, url,
		query.len ? "?" : "", query.len ? query.p : "");
	if (body->len > 0) {
		json_decref(server->body);
		server->body = json_loadb(body->p, body->len, 0, NULL);
	}
	int status =
		server->answer(server, method, url, query.len ? query.p : "", server->body, &json);

	pthread_mutex_unlock(&server->lock);
	char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		text ? strlen(text) : 0, text ? text : (char[]){""}, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);

	MHD_destroy_response(response);
	free(text);
	json_decref(json);
	fb_buf_fini(&query);
	return result;
}

static void on_done(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode how)
{
	if (*state != NULL)
		fb_buf_fini(*state);
	free(*state);
	*state = NULL;
}

void server_start(struct server *server, server_fn answer, void *arg)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	*server =
		(struct server){.folder = "/tmp/forebay-cli.XXXXXX", .answer = answer, .arg = arg};
	cr_assert_not_null(mkdtemp(server->folder));
	snprintf(server->socket, sizeof(server->socket), "%s/s", server->folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server->socket);
	pthread_mutex_init(&server->lock, NULL);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 8), 0);
	server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
		on_request, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
		on_done, NULL, MHD_OPTION_END);
	cr_assert_not_null(server->daemon);
}

void server_stop(struct server *server)
{
	MHD_stop_daemon(server->daemon);
	json_decref(server->body);
	pthread_mutex_destroy(&server->lock);
	unlink(server->socket);
	rmdir(server->folder);
}

/* ---- running a command ---- */

#define WORDS_MAX 32

void run_line(struct run *run, const char *line)
{
	char *words[WORDS_MAX + 1], *copy = strdup(line), *error = NULL, *save;
	const char *left[WORDS_MAX + 1];
	struct fb_cli_operands operands = {.at = left};
	struct fb_cli_common common = {0};
	const struct fb_cli_command *command;
	size_t out_len, err_len;
	int cnt = 0;

	for (char *w = strtok_r(copy, " ", &save); w && cnt < WORDS_MAX;
		w = strtok_r(NULL, " ", &save))
		words[cnt++] = w;
	command = fb_cli_find(words[0]);
	cr_assert_not_null(command, "%s", words[0]);
	void *args = calloc(1, command->args_bytes + 1);
	struct fb_cli cli = {.socket = run->socket,
		.out = open_memstream(&run->out, &out_len),
		.err = open_memstream(&run->err, &err_len),
		.width = run->width,
		.color = run->color,
		.unicode = run->unicode,
		.command = command};

	if (fb_cli_parse(command, cnt - 1, words + 1, args, &common, &operands, &error) != 0) {
		fputs(error, cli.err);
		run->code = FB_EXIT_USAGE;
	} else {
		cli.output = (enum fb_cli_output)common.output;
		cli.argv = operands.at;
		cli.argc = operands.cnt;
		run->code = command->run(&cli, args);
	}
	fclose(cli.out);
	fclose(cli.err);
	free(error);
	free(args);
	free(copy);
}

void run_fini(struct run *run)
{
	free(run->out);
	free(run->err);
	run->out = run->err = NULL;
}
