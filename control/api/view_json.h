/* SPDX-License-Identifier: Apache-2.0 */
/* Views of the engine as JSON. Each call returns a new reference, NULL without memory. Pure; any
 * thread. */
#pragma once

#include <jansson.h>

#include "control/pipeline/engine.h"

json_t *fb_json_status(const struct fb_engine_view *view);
/* The import under way, or the last one; null: none since the start. */
json_t *fb_json_import(const struct fb_engine_view *view);
json_t *fb_json_ports(const struct fb_engine_view *view);
json_t *fb_json_pipelines(const struct fb_engine_view *view);
/* NULL also if there is no such pipeline. */
json_t *fb_json_pipeline(const struct fb_engine_view *view, const char *name);
json_t *fb_json_ledger(const struct fb_ledger *ledger);
json_t *fb_json_diagnostics(const struct fb_diags *diags);
/* The effective appliance file. */
json_t *fb_json_settings(const struct fb_appliance *appliance);
/* One value of a result row: numbers and booleans as such, NULL as null, the rest as text. */
json_t *fb_json_value(struct fb_type type, const struct fb_value *value);
/* "2026-01-01 00:00:00.000" of milliseconds; null for FB_TIME_MIN, "end" for FB_TIME_MAX. */
json_t *fb_json_time(int64_t ms);
