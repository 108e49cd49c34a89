/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics page: config/tables/metric.def and disposition.def over one ledger, in Prometheus'
 * text format 0.0.4. Pure; any thread.
 */
#pragma once

#include <stdio.h>

#include "control/pipeline/engine.h"

/* Appends the page. Numbers of one page belong to one moment. */
void fb_metrics_write(const struct fb_ledger *ledger, struct fb_buf *out);
/* Every metric with type, labels and help, as a table for people. */
void fb_metrics_print_doc(FILE *out);
