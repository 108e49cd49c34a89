/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHOW TABLES, SHOW VIEWS, SHOW CREATE TABLE, DESCRIBE: answers in the words and the layout of
 * Flink 2.2 and its SQL client: texts stand to the right, BOOLEAN is upper case, SHOW CREATE TABLE
 * has no frame.
 */
#include <stdlib.h>

#include "config/base/buf.h"
#include "config/sql/bind.h"

/* ---- a frame around cells ---- */

#define GRID_COLUMNS 7

struct grid {
	uint32_t column_cnt;
	uint32_t row_cnt;
	const char *(*rows)[GRID_COLUMNS]; /* row 0: the names */
};

/* Characters, not bytes; wide ones count once. */
static uint32_t text_width(const char *text)
{
	uint32_t width = 0;

	for (; *text != 0; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void add_rule(const uint32_t *widths, uint32_t cnt, struct fb_buf *out)
{
	for (uint32_t c = 0; c < cnt; c++) {
		fb_buf_add_char(out, '+');
		for (uint32_t i = 0; i < widths[c] + 2; i++)
			fb_buf_add_char(out, '-');
	}
	fb_buf_add_text(out, "+\n");
}

static void draw(const struct grid *grid, struct fb_buf *out)
{
	uint32_t widths[GRID_COLUMNS] = {0};

	if (grid->row_cnt == 1) {
		fb_buf_add_text(out, "Empty set\n");
		return;
	}
	for (uint32_t r = 0; r < grid->row_cnt; r++)
		for (uint32_t c = 0; c < grid->column_cnt; c++)
			widths[c] = FB_MAX(widths[c], text_width(grid->rows[r][c]));
	add_rule(widths, grid->column_cnt, out);
	for (uint32_t r = 0; r < grid->row_cnt; r++) {
		for (uint32_t c = 0; c < grid->column_cnt; c++)
			fb_buf_printf(out, "| %*s%s ",
				(int)(widths[c] - text_width(grid->rows[r][c])), "",
				grid->rows[r][c]);
		fb_buf_add_text(out, "|\n");
		if (r == 0)
			add_rule(widths, grid->column_cnt, out);
	}
	add_rule(widths, grid->column_cnt, out);
	fb_buf_printf(out, "%u row%s in set\n", grid->row_cnt - 1, grid->row_cnt == 2 ? "" : "s");
}

static void answer(struct fb_binder *b, const struct fb_ast_statement *statement, const char *what,
	struct fb_buf *text)
{
	char *copy =
		text->failed || text->p == NULL
			? NULL
			: fb_arena_strdup(b->arena, (struct fb_str){text->p, (uint32_t)text->len});

	if (copy != NULL && what != NULL && fb_bind_charge(b, text->len / 64 + 1, statement->place))
		fb_bind_answer(b, what, copy, NULL, statement->place);
	else if (text->failed)
		b->arena->failed = true;
	fb_buf_fini(text);
}

/* ---- SHOW TABLES, SHOW VIEWS ---- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void show_names(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	bool views = statement->kind == FB_STMT_SHOW_VIEWS;
	const char **names = FB_ARENA_ARRAY(b->arena, const char *, (size_t)b->def_cnt + 1);
	struct grid grid = {.column_cnt = 1,
		.rows = fb_arena_alloc(b->arena, ((size_t)b->def_cnt + 1) * sizeof(*grid.rows))};
	struct fb_buf text = {0};
	uint32_t cnt = 0;

	if (names == NULL || grid.rows == NULL)
		return;
	for (const struct fb_def *def = b->defs; def != NULL; def = def->next)
		if (!def->dropped && (!views || def->is_view) && fb_def_find(b, def->name) == def &&
			(names[cnt] = fb_arena_strdup(b->arena, def->name)) != NULL)
			cnt++;
	qsort(names, cnt, sizeof(*names), compare_names);
	grid.rows[grid.row_cnt++][0] = views ? "view name" : "table name";
	for (uint32_t i = 0; i < cnt; i++)
		grid.rows[grid.row_cnt++][0] = names[i];
	draw(&grid, &text);
	answer(b, statement, views ? "SHOW VIEWS" : "SHOW TABLES", &text);
}

/* ---- columns ---- */

static void add_quoted(struct fb_buf *out, struct fb_str text, char quote)
{
	fb_buf_add_char(out, quote);
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.p[i] == quote)
			fb_buf_add_char(out, quote);
		fb_buf_add_char(out, text.p[i]);
	}
	fb_buf_add_char(out, quote);
}

static const char *take(struct fb_binder *b, struct fb_buf *text)
{
	const char *copy =
		text->failed ? NULL
			     : fb_arena_strdup(b->arena, (struct fb_str){text->p ? text->p : "",
								 (uint32_t)text->len});

	fb_buf_fini(text);
	return copy ? copy : "";
}

/* "AS `a` + 1", "METADATA FROM 'k' VIRTUAL". */
static const char *extras(struct fb_binder *b, const struct fb_ast_column *ast)
{
	struct fb_buf out = {0};

	if (ast->kind == FB_AST_COMPUTED)
		fb_buf_printf(&out, "AS %s", fb_unparse(b, ast->value, ast->text));
	if (ast->kind == FB_AST_METADATA) {
		fb_buf_add_text(&out, "METADATA");
		if (ast->metadata_key.p != NULL) {
			fb_buf_add_text(&out, " FROM ");
			add_quoted(&out, ast->metadata_key, '\'');
		}
		if (ast->is_virtual)
			fb_buf_add_text(&out, " VIRTUAL");
	}
	return take(b, &out);
}

static const char *key_text(struct fb_binder *b, const struct fb_table *table, uint16_t column)
{
	struct fb_buf out = {0};
	bool in_key = false;

	for (uint16_t i = 0; i < table->primary_key_cnt; i++)
		in_key = in_key || table->primary_key[i] == column;
	for (uint16_t i = 0; in_key && i < table->primary_key_cnt; i++)
		fb_buf_printf(&out, "%s%s", i ? ", " : "PRI(",
			table->columns[table->primary_key[i]].name);
	if (in_key)
		fb_buf_add_char(&out, ')');
	return take(b, &out);
}

static const char *type_text(struct fb_binder *b, struct fb_type type, bool rowtime)
{
	char text[FB_TYPE_TEXT_BYTES];
	const char *copy;

	type.not_null = false;
	copy = fb_arena_printf(
		b->arena, "%s%s", fb_type_format(type, text), rowtime ? " *ROWTIME*" : "");
	return copy ? copy : "";
}

/* ---- DESCRIBE ---- */

static const char *const describe_names[GRID_COLUMNS] = {
	"name", "type", "null", "key", "extras", "watermark", "comment"};

static void describe_table(struct fb_binder *b, const struct fb_def *def, struct grid *grid)
{
	const struct fb_table *table = def->table;
	const struct fb_ast_column *ast = def->ast->columns;

	for (uint16_t i = 0; i < table->column_cnt; i++, ast = ast->next) {
		const struct fb_table_column *column = &table->columns[i];
		const char **row = grid->rows[grid->row_cnt++];
		bool rowtime = table->has_watermark && table->rowtime == i;

		row[0] = column->name;
		row[1] = type_text(b, column->type, rowtime);
		row[2] = column->type.not_null ? "FALSE" : "TRUE";
		row[3] = key_text(b, table, i);
		row[4] = extras(b, ast);
		row[5] =
			rowtime ? fb_unparse(b, def->ast->watermark, def->ast->watermark_text) : "";
		row[6] = column->comment ? column->comment : "";
		if (column->comment != NULL)
			grid->column_cnt = GRID_COLUMNS;
	}
}

static void describe_view(struct fb_binder *b, const struct fb_def *def, struct grid *grid)
{
	for (uint32_t i = 0; i < def->rel->column_cnt; i++) {
		const struct fb_rel_column *column = &def->rel->columns[i];
		struct fb_type type = column->expr ? column->expr->type : column->unreadable->type;
		const char **row = grid->rows[grid->row_cnt++];
		const char *name = fb_arena_strdup(b->arena, column->name);

		for (const struct fb_rel *rel = def->rel->next; rel != NULL; rel = rel->next)
			type.not_null = type.not_null && rel->columns[i].expr->type.not_null;
		row[0] = name ? name : "";
		row[1] = type_text(b, type, column->rowtime);
		row[2] = type.not_null ? "FALSE" : "TRUE";
		row[3] = row[4] = row[5] = row[6] = "";
	}
}

static void describe(
	struct fb_binder *b, const struct fb_ast_statement *statement, const struct fb_def *def)
{
	uint32_t cnt = def->table ? def->table->column_cnt : def->rel->column_cnt;
	struct grid grid = {.column_cnt = GRID_COLUMNS - 1,
		.row_cnt = 1,
		.rows = fb_arena_alloc(b->arena, ((size_t)cnt + 1) * sizeof(*grid.rows))};
	struct fb_buf text = {0};

	if (grid.rows == NULL)
		return;
	memcpy(grid.rows[0], describe_names, sizeof(describe_names));
	if (def->table != NULL)
		describe_table(b, def, &grid);
	else
		describe_view(b, def, &grid);
	draw(&grid, &text);
	answer(b, statement,
		fb_arena_printf(b->arena, "DESCRIBE %.*s", (int)def->name.len, def->name.p), &text);
}

/* ---- SHOW CREATE TABLE ---- */

/* The long form, as in files that are meant to be read again. */
static void add_type(struct fb_buf *out, struct fb_type type)
{
	char text[FB_TYPE_TEXT_BYTES];
	const char *null = type.not_null ? " NOT NULL" : "";

	if (type.kind == FB_T_VARCHAR || type.kind == FB_T_VARBINARY)
		fb_buf_printf(out, "%s(%u)%s", type.kind == FB_T_VARCHAR ? "VARCHAR" : "VARBINARY",
			type.length, null);
	else if (type.kind == FB_T_TIMESTAMP_LTZ)
		fb_buf_printf(out, "TIMESTAMP(%u) WITH LOCAL TIME ZONE%s", type.precision, null);
	else
		fb_buf_add_text(out, fb_type_format(type, text));
}

static void add_comment(struct fb_buf *out, const char *comment)
{
	fb_buf_add_text(out, "COMMENT ");
	add_quoted(out, fb_str_from(comment), '\'');
}

static void add_columns(struct fb_binder *b, const struct fb_def *def, struct fb_buf *out)
{
	const struct fb_ast_column *ast = def->ast->columns;

	for (uint16_t i = 0; i < def->table->column_cnt; i++, ast = ast->next) {
		const struct fb_table_column *column = &def->table->columns[i];
		const char *more = extras(b, ast);

		fb_buf_add_text(out, i ? ",\n  " : "  ");
		add_quoted(out, fb_str_from(column->name), '`');
		if (ast->kind != FB_AST_COMPUTED) {
			fb_buf_add_char(out, ' ');
			add_type(out, column->type);
		}
		fb_buf_printf(out, "%s%s", more[0] ? " " : "", more);
		if (column->comment != NULL && column->comment[0] != 0) {
			fb_buf_add_char(out, ' ');
			add_comment(out, column->comment);
		}
	}
}

/* Without a name the key is called after its columns. */
static void add_key(const struct fb_def *def, struct fb_buf *out)
{
	const struct fb_table *table = def->table;
	struct fb_buf name = {0};

	fb_buf_add_text(&name, "PK");
	for (uint16_t i = 0; i < table->primary_key_cnt; i++)
		fb_buf_printf(&name, "_%s", table->columns[table->primary_key[i]].name);
	fb_buf_add_text(out, ",\n  CONSTRAINT ");
	add_quoted(out,
		def->ast->key_name ? def->ast->key_name->text
				   : (struct fb_str){name.p, (uint32_t)name.len},
		'`');
	fb_buf_add_text(out, " PRIMARY KEY (");
	for (uint16_t i = 0; i < table->primary_key_cnt; i++) {
		fb_buf_add_text(out, i ? ", " : "");
		add_quoted(out, fb_str_from(table->columns[table->primary_key[i]].name), '`');
	}
	fb_buf_add_text(out, ") NOT ENFORCED");
	fb_buf_fini(&name);
}

static void add_partitions(const struct fb_table *table, struct fb_buf *out)
{
	for (uint16_t i = 0; i < table->partition_key_cnt; i++) {
		fb_buf_add_text(out, i ? ", " : "PARTITIONED BY (");
		add_quoted(out, fb_str_from(table->fields[table->partition_keys[i]]->name), '`');
	}
	if (table->partition_key_cnt != 0)
		fb_buf_add_text(out, ")\n");
}

static int compare_options(const void *a, const void *b)
{
	return strcmp((*(const struct fb_option *const *)a)->key,
		(*(const struct fb_option *const *)b)->key);
}

static void add_options(struct fb_binder *b, const struct fb_table *table, struct fb_buf *out)
{
	const struct fb_option **sorted =
		FB_ARENA_ARRAY(b->arena, const struct fb_option *, (size_t)table->option_cnt + 1);

	if (sorted == NULL)
		return;
	for (uint16_t i = 0; i < table->option_cnt; i++)
		sorted[i] = &table->options[i];
	qsort(sorted, table->option_cnt, sizeof(*sorted), compare_options);
	for (uint16_t i = 0; i < table->option_cnt; i++) {
		fb_buf_add_text(out, i ? ",\n  " : "WITH (\n  ");
		add_quoted(out, fb_str_from(sorted[i]->key), '\'');
		fb_buf_add_text(out, " = ");
		add_quoted(out, fb_str_from(sorted[i]->value), '\'');
	}
	fb_buf_add_text(out, "\n)\n");
}

static void show_create(
	struct fb_binder *b, const struct fb_ast_statement *statement, const struct fb_def *def)
{
	const struct fb_table *table = def->table;
	struct fb_buf out = {0};

	if (def->is_view) {
		fb_bind_error(b, statement->name.place, "DESCRIBE shows its columns",
			"'%.*s' is a view", (int)FB_MIN(def->name.len, 100u), def->name.p);
		return;
	}
	fb_buf_printf(&out, "CREATE %sTABLE `default_catalog`.`default_database`.",
		def->temporary ? "TEMPORARY " : "");
	add_quoted(&out, def->name, '`');
	fb_buf_add_text(&out, " (\n");
	add_columns(b, def, &out);
	if (table->has_watermark) {
		fb_buf_add_text(&out, ",\n  WATERMARK FOR ");
		add_quoted(&out, fb_str_from(table->columns[table->rowtime].name), '`');
		fb_buf_printf(&out, " AS %s",
			fb_unparse(b, def->ast->watermark, def->ast->watermark_text));
	}
	if (table->primary_key_cnt != 0)
		add_key(def, &out);
	fb_buf_add_text(&out, "\n)\n");
	if (table->comment != NULL && table->comment[0] != 0) {
		add_comment(&out, table->comment);
		fb_buf_add_char(&out, '\n');
	}
	add_partitions(table, &out);
	add_options(b, table, &out);
	answer(b, statement,
		fb_arena_printf(
			b->arena, "SHOW CREATE TABLE %.*s", (int)def->name.len, def->name.p),
		&out);
}

void fb_bind_show(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	const struct fb_ast_name *name;
	const struct fb_def *def;

	if (!fb_bind_charge(b, 1, statement->place))
		return;
	if (statement->kind == FB_STMT_SHOW_TABLES || statement->kind == FB_STMT_SHOW_VIEWS) {
		show_names(b, statement);
		return;
	}
	name = fb_bind_path(b, &statement->name);
	def = name ? fb_def_find(b, name->text) : NULL;
	if (name == NULL)
		return;
	if (def == NULL) {
		fb_bind_error(b, statement->name.place, NULL, "there is no table or view '%.*s'",
			(int)FB_MIN(name->text.len, 100u), name->text.p);
		return;
	}
	if (def->broken)
		return;
	if (statement->kind == FB_STMT_DESCRIBE)
		describe(b, statement, def);
	else
		show_create(b, statement, def);
}
