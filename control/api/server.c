/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets and HTTP around routes.c, by libmicrohttpd: one daemon per listener, a few threads each.
 */
#include "control/api/api.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/appliance/address.h"
#include "control/api/routes.h"

/* A request may block for long (drain): so a connection has a thread of its own, and there are not
 * many. */
#define UNIX_CONNECTIONS 64
#define TCP_CONNECTIONS 32
#define IDLE_TIMEOUT_S 60

struct listener {
	struct fb_api *api;
	struct MHD_Daemon *daemon;
	bool read_only;
};

struct fb_api {
	struct fb_engine *engine;
	struct fb_recompute *recompute;
	const struct fb_appliance *appliance;
	struct listener local;
	struct listener tcp;
};

struct body {
	struct fb_buf bytes;
	bool too_long;
};

static const char *query_parameter(void *arg, const char *key)
{
	return MHD_lookup_connection_value(arg, MHD_GET_ARGUMENT_KIND, key);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct fb_api_answer *answer)
{
	char *json = answer->json ? json_dumps(answer->json, JSON_INDENT(2) | JSON_PRESERVE_ORDER)
				  : NULL;
	const char *text = json ? json : answer->text.p ? answer->text.p : "";
	size_t len = json ? strlen(json) : answer->text.len;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result = MHD_NO;

	if (response != NULL) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
			json                   ? "application/json"
			: answer->content_type ? answer->content_type
					       : "text/plain");
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
		if (answer->allow[0] != '\0')
			MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
		result = MHD_queue_response(connection, (unsigned)answer->status, response);
		MHD_destroy_response(response);
	}
	free(json);
	return result;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **state)
{
	struct listener *listener = arg;
	struct body *body = *state;
	struct fb_api_answer answer = {0};
	enum MHD_Result result;

	if (body == NULL) { /* headers are there; the body follows */
		body = calloc(1, sizeof(*body));
		*state = body;
		return body ? MHD_YES : MHD_NO;
	}
	if (*upload_len > 0) {
		body->too_long |= body->bytes.len + *upload_len > FB_API_BODY_MAX;
		if (!body->too_long)
			fb_buf_add(&body->bytes, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	if (body->too_long || body->bytes.failed) {
		fb_api_error(&answer, 413, FB_E_FULL, NULL, "the body is longer than %u bytes",
			FB_API_BODY_MAX);
	} else {
		struct fb_api_request request = {
			.engine = listener->api->engine,
			.recompute = listener->api->recompute,
			.appliance = listener->api->appliance,
			.method = method,
			.path = url,
			.body = body->bytes.p,
			.body_len = body->bytes.len,
			.read_only = listener->read_only,
			.parameter = query_parameter,
			.parameter_arg = connection,
		};

		fb_api_route(&request, &answer);
	}
	result = send_answer(connection, &answer);
	fb_api_answer_fini(&answer);
	return result;
}

static void on_done(void *arg, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode how)
{
	struct body *body = *state;

	if (body != NULL)
		fb_buf_fini(&body->bytes);
	free(body);
	*state = NULL;
}

/* Errors of the HTTP layer (a client that went away) are the client's; they are no lines of our
 * log. */
static void on_log(void *arg, const char *fmt, va_list args)
{
}

static int start_daemon(struct listener *listener, int fd, unsigned connections)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION |
			 MHD_USE_POLL | MHD_USE_ITC;

	listener->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, listener,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_CONNECTION_LIMIT,
		connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
		MHD_OPTION_END);
	if (listener->daemon != NULL)
		return 0;
	close(fd);
	return FB_E_NO_MEMORY;
}

/* ---- the Unix socket ---- */

/* Somebody answers at the socket file. */
static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool served =
		fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	if (fd >= 0)
		close(fd);
	return served;
}

static int refuse(struct fb_diags *diags, int fd, const char *what, const char *where)
{
	int rc = fb_err_from_errno(errno);

	fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, NULL, "%s %s: %s", what, where,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int make_parent(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return 0;
	*slash = '\0';
	return mkdir(folder, 0750) == 0 || errno == EEXIST ? 0 : -1;
}

static int open_unix(const char *path, struct fb_diags *diags, int *ret_fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, rc;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return refuse(diags, -1, "http.socket", path);
	}
	strcpy(address.sun_path, path);
	if (is_served(&address)) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0},
			"stop it first, or give this one another http.socket",
			"another appliance answers at %s", path);
		return FB_E_BUSY;
	}
	if (make_parent(path) != 0)
		return refuse(diags, -1, "cannot make the folder of", path);
	if (unlink(path) != 0 && errno != ENOENT)
		return refuse(diags, -1, "cannot replace the stale socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(diags, fd, "cannot open", path);
	mask = umask(0117); /* 0660: who may open it may do everything */
	rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (rc != 0 || listen(fd, UNIX_CONNECTIONS) != 0)
		return refuse(diags, fd, "cannot listen at", path);
	*ret_fd = fd;
	return 0;
}

/* ---- TCP ---- */

static int open_tcp(const char *listen_at, struct fb_diags *diags, int *ret_fd)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *found = NULL;
	char host[64], service[8];
	bool loopback;
	uint16_t port;
	int fd = -1, one = 1, rc;

	rc = fb_listen_parse(listen_at, host, &port, &loopback);
	if (rc != 0)
		return rc;
	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &found) != 0 || found == NULL) {
		errno = EADDRNOTAVAIL;
		return refuse(diags, -1, "http.listen: no such address:", listen_at);
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 ||
		listen(fd, TCP_CONNECTIONS) != 0)
		rc = refuse(diags, fd, "http.listen: cannot listen at", listen_at);
	else
		*ret_fd = fd;
	freeaddrinfo(found);
	return rc;
}

/* ---- life ---- */

static int start_listeners(struct fb_api *api, struct fb_diags *diags)
{
	const struct fb_appliance *appliance = api->appliance;
	int fd = -1;
	int rc = open_unix(appliance->http.socket, diags, &fd);

	if (rc == 0)
		rc = start_daemon(&api->local, fd, UNIX_CONNECTIONS);
	if (rc != 0 || appliance->http.listen[0] == '\0')
		return rc;
	rc = open_tcp(appliance->http.listen, diags, &fd);
	return rc ? rc : start_daemon(&api->tcp, fd, TCP_CONNECTIONS);
}

int fb_api_start(struct fb_engine *engine, struct fb_recompute *recompute, const struct fb_appliance *appliance,
	struct fb_diags *diags, struct fb_api **ret)
{
	struct fb_api *api = calloc(1, sizeof(*api));
	int rc;

	if (api == NULL)
		return FB_E_NO_MEMORY;
	api->engine = engine;
	api->recompute = recompute;
	api->appliance = appliance;
	api->local = (struct listener){.api = api};
	api->tcp = (struct listener){.api = api, .read_only = true};
	rc = start_listeners(api, diags);
	if (rc != 0) {
		fb_api_stop(api);
		return rc;
	}
	*ret = api;
	return 0;
}

void fb_api_stop(struct fb_api *api)
{
	if (api->tcp.daemon != NULL)
		MHD_stop_daemon(api->tcp.daemon);
	if (api->local.daemon != NULL) {
		unlink(api->appliance->http.socket);
		MHD_stop_daemon(api->local.daemon);
	}
	free(api);
}
