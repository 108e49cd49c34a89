/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner as the parser sees it: reentrant, over a copy of the whole text. Private to this
 * room. */
#pragma once

#include "config/sql/ast.h"

/* FB_E_NO_MEMORY. The scanner reads parse->text and keeps its place in parse. */
int fb_lexer_open(struct fb_parse *parse, void **ret_scanner) FB_MUST_CHECK;
void fb_lexer_close(void *scanner);
/* True if the word is reserved: a name only in backticks. */
bool fb_keyword_is_reserved(struct fb_str word);
