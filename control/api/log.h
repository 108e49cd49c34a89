/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw log over the API.
 *
 *   GET /v1/log                   streams that were ever kept, with their lanes (one per core)
 *   GET /v1/log/TABLE             spans of a stream; with ?blocks=1 block headers, &core=, &limit=
 *   GET /v1/log/TABLE/datagrams   ?core=&from_seq=&from_ms=&to_ms=&limit=: datagrams of one lane in
 * order, payloads in hexadecimal; go on with from_seq = next_seq until `end`
 *
 * Times from_ms and to_ms are of arrival, ms since 1970, inclusive.
 */
#pragma once

#include "control/api/routes.h"

void fb_api_log_streams(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_log_stream(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_log_datagrams(struct fb_api_request *request, struct fb_api_answer *answer);
