/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE TABLE: declared types, columns, key and watermark. Options: options.c. */
#include "config/sql/bind.h"

/* ---- types as declared ---- */

static bool type_error(
	struct fb_binder *b, const struct fb_ast_type *ast, const char *hint, const char *message)
{
	fb_bind_error(b, ast->place, hint, "%s", message);
	return false;
}

static bool bind_decimal(struct fb_binder *b, const struct fb_ast_type *ast, struct fb_type *type)
{
	int32_t precision = ast->args[0] < 0 ? 10 : ast->args[0];
	int32_t scale = ast->args[1] < 0 ? 0 : ast->args[1];

	if (precision < 1 || precision > 38)
		return type_error(b, ast, NULL, "DECIMAL has 1 to 38 digits");
	if (scale > precision)
		return type_error(b, ast, NULL,
			"DECIMAL cannot have more digits behind the point than in all");
	type->precision = (uint8_t)precision;
	type->scale = (uint8_t)scale;
	return true;
}

bool fb_bind_type(struct fb_binder *b, const struct fb_ast_type *ast, struct fb_type *ret_type)
{
	struct fb_type type = {.kind = ast->kind, .not_null = ast->not_null};
	int32_t arg = ast->args[0];

	switch (ast->kind) {
	case FB_T_DECIMAL:
		if (!bind_decimal(b, ast, &type))
			return false;
		break;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		if (arg == 0)
			return type_error(b, ast, NULL, "a length is at least 1");
		type.length = arg < 0 ? 1 : (uint32_t)arg;
		break;
	case FB_T_TIMESTAMP:
		if (arg > 6)
			return type_error(b, ast, "write TIMESTAMP(6)",
				"TIMESTAMP has at most 6 digits of a fraction");
		type.precision = arg < 0 ? 6 : (uint8_t)arg;
		break;
	case FB_T_TIMESTAMP_LTZ:
		if (arg < 0 || arg > 3)
			return type_error(b, ast, "write TIMESTAMP_LTZ(3)",
				"TIMESTAMP_LTZ has at most 3 digits of a fraction here, and 6 if "
				"none are given");
		type.precision = (uint8_t)arg;
		break;
	default:
		break;
	}
	*ret_type = type;
	return true;
}

/* ---- columns ---- */

struct making {
	struct fb_binder *b;
	const struct fb_ast_table *ast;
	struct fb_table *table;
	struct fb_table_column *columns;
	struct fb_rel *rel; /* column i of it is column i of the table */
};

static int find_column(const struct making *m, struct fb_str name)
{
	for (uint32_t i = 0; i < m->rel->column_cnt; i++)
		if (fb_str_eq(m->rel->columns[i].name, name))
			return (int)i;
	return -1;
}

static bool add_metadata(
	struct making *m, const struct fb_ast_column *ast, struct fb_table_column *column)
{
	column->metadata_key = ast->metadata_key.p ? fb_arena_strdup(m->b->arena, ast->metadata_key)
						   : column->name;
	return column->metadata_key != NULL &&
	       fb_bind_metadata(m->b, m->ast, ast, column, &column->metadata_type, &column->is_readable);
}

/* Flink: one column for one key. */
static bool check_metadata_key(struct making *m, const struct fb_ast_column *ast, uint32_t i)
{
	for (uint32_t j = 0; j < i; j++) {
		if (m->columns[j].kind != FB_COLUMN_METADATA || strcmp(m->columns[j].metadata_key, m->columns[i].metadata_key) != 0)
			continue;
		fb_bind_error(m->b, ast->name->place, "make one of them a computed column over the other",
			"columns '%s' and '%s' are both metadata '%s'", m->columns[j].name, m->columns[i].name,
			m->columns[i].metadata_key);
		return false;
	}
	return true;
}

/* Once the count of fields is known: metadata is read behind them. */
static bool bind_metadata_inputs(struct making *m)
{
	uint32_t i = 0;

	for (const struct fb_ast_column *ast = m->ast->columns; ast != NULL; ast = ast->next, i++) {
		struct fb_table_column *column = &m->columns[i];
		struct fb_rel_column *rel = &m->rel->columns[i];
		struct fb_type declared = column->type;

		if (column->kind == FB_COLUMN_METADATA && !check_metadata_key(m, ast, i))
			return false;
		if (!column->is_readable)
			continue;
		column->field = fb_table_input_cnt(m->table);
		m->table->fields[column->field] = column;
		m->table->metadata_cnt++;
		rel->expr = fb_expr_leaf(m->b, FB_OP_INPUT, column->field, column->metadata_type, ast->name->place);
		declared.not_null = column->metadata_type.not_null;
		if (rel->expr != NULL && !fb_type_same(declared, column->metadata_type))
			rel->expr = fb_bind_convert(m->b, rel->expr, declared, false, ast->name->place);
		if (rel->expr == NULL)
			return false;
		rel->unreadable = NULL;
	}
	return true;
}

static bool add_column(struct making *m, const struct fb_ast_column *ast)
{
	struct fb_binder *b = m->b;
	uint32_t i = m->rel->column_cnt;
	struct fb_table_column *column = &m->columns[i];
	struct fb_rel_column *rel = &m->rel->columns[i];

	if (find_column(m, ast->name->text) >= 0) {
		fb_bind_error(b, ast->name->place, NULL, "column '%.*s' is there already",
			(int)FB_MIN(ast->name->text.len, 100u), ast->name->text.p);
		return false;
	}
	column->name = fb_arena_strdup(b->arena, ast->name->text);
	column->is_virtual = ast->is_virtual;
	column->comment = ast->comment.p ? fb_arena_strdup(b->arena, ast->comment) : NULL;
	column->kind = ast->kind == FB_AST_PHYSICAL   ? FB_COLUMN_PHYSICAL
		       : ast->kind == FB_AST_COMPUTED ? FB_COLUMN_COMPUTED
						      : FB_COLUMN_METADATA;
	rel->name = ast->name->text;
	m->rel->column_cnt++;
	if (column->name == NULL ||
		(ast->kind != FB_AST_COMPUTED && !fb_bind_type(b, ast->type, &column->type)))
		return false;
	if (ast->kind == FB_AST_METADATA && !add_metadata(m, ast, column))
		return false;
	if (ast->kind == FB_AST_PHYSICAL) {
		column->field = m->table->field_cnt;
		m->table->fields[m->table->field_cnt++] = column;
		rel->expr = fb_expr_leaf(
			b, FB_OP_INPUT, column->field, column->type, ast->name->place);
		return rel->expr != NULL;
	}
	rel->unreadable = column;
	return true;
}

/* Computed columns see the physical ones only, as in Flink. */
static bool bind_computed(struct making *m)
{
	struct fb_rel physical = {.source = m->table};
	uint32_t i = 0;
	bool ok = true;

	physical.columns =
		FB_ARENA_ARRAY(m->b->arena, struct fb_rel_column, (size_t)m->rel->column_cnt + 1);
	if (physical.columns == NULL)
		return false;
	for (i = 0; i < m->rel->column_cnt; i++)
		if (m->columns[i].kind != FB_COLUMN_COMPUTED)
			physical.columns[physical.column_cnt++] = m->rel->columns[i];
	i = 0;
	for (const struct fb_ast_column *ast = m->ast->columns; ast != NULL; ast = ast->next, i++) {
		struct fb_scope scope = {.b = m->b,
			.rel = &physical,
			.clause = "a computed column",
			.computed_column = true};
		const struct fb_expr *value;

		if (ast->kind != FB_AST_COMPUTED)
			continue;
		value = fb_bind_expr(&scope, ast->value);
		if (value != NULL &&
			(value->type.kind == FB_T_NULL || value->type.kind == FB_T_INTERVAL)) {
			fb_bind_error(m->b, ast->value->place, "CAST it to a type",
				"a column cannot have this type");
			value = NULL;
		}
		if (value == NULL) {
			ok = false;
			continue;
		}
		m->columns[i].value = value;
		m->columns[i].type = value->type;
		m->rel->columns[i].expr = value;
		m->rel->columns[i].unreadable = NULL;
	}
	return ok;
}

/* ---- watermark and key ---- */

/* c, or c - INTERVAL '…' unit. */
static bool watermark_delay(struct making *m, struct fb_str name, int64_t *ret_ms)
{
	const struct fb_ast_expr *ast = m->ast->watermark;
	const struct fb_ast_expr *column = ast;
	struct fb_scope scope = {.b = m->b};
	const struct fb_expr *interval;

	*ret_ms = 0;
	if (ast->kind == FB_AST_BINARY && ast->op == FB_AST_SUB &&
		ast->last->kind == FB_AST_INTERVAL) {
		column = ast->args;
		interval = fb_bind_expr(&scope, ast->last);
		if (interval == NULL)
			return false;
		*ret_ms = interval->literal.i64;
	}
	if (column->kind != FB_AST_COLUMN || column->name.cnt != 1 ||
		!fb_str_eq(column->name.first->text, name)) {
		fb_bind_error(m->b, ast->place,
			fb_arena_printf(m->b->arena,
				"write WATERMARK FOR %.*s AS %.*s - INTERVAL '5' SECOND",
				(int)name.len, name.p, (int)name.len, name.p),
			"a watermark is its column, or its column minus an INTERVAL");
		return false;
	}
	if (*ret_ms < 0) {
		fb_bind_error(m->b, ast->last->place, NULL,
			"the delay of a watermark cannot be negative");
		return false;
	}
	return true;
}

static bool bind_watermark(struct making *m)
{
	const struct fb_ast_name *name = m->ast->watermark_column;
	char text[FB_TYPE_TEXT_BYTES];
	struct fb_type type;
	int64_t delay;
	int at;

	if (m->ast->watermark == NULL)
		return true;
	at = find_column(m, name->text);
	if (at < 0) {
		fb_bind_error(m->b, name->place, NULL, "there is no column '%.*s'",
			(int)FB_MIN(name->text.len, 100u), name->text.p);
		return false;
	}
	type = m->columns[at].type;
	if (m->columns[at].kind == FB_COLUMN_METADATA) {
		fb_bind_planned(m->b, name->place, "take the time from a field of the record",
			"a watermark on a metadata column");
		return false;
	}
	if (m->rel->columns[at].expr == NULL && fb_type_is_timestamp(type))
		return false;
	if (!fb_type_is_timestamp(type) || type.precision > 3) {
		fb_bind_error(m->b, name->place,
			fb_type_is_timestamp(type)
				? "declare it as TIMESTAMP(3), or CAST it in a computed column"
				: "add a computed column, such as ts AS TO_TIMESTAMP(text)",
			"the watermark column must be TIMESTAMP(3) or TIMESTAMP_LTZ(3), this is %s",
			fb_type_format(type, text));
		return false;
	}
	if (!watermark_delay(m, name->text, &delay))
		return false;
	m->table->has_watermark = true;
	m->table->rowtime = (uint16_t)at;
	m->table->watermark_delay_ms = delay;
	m->rel->columns[at].rowtime = true;
	return true;
}

static bool bind_key(struct making *m)
{
	const struct fb_ast_table *ast = m->ast;
	uint16_t *key;

	if (ast->key_place.line == 0)
		return true;
	if (ast->enforced) {
		fb_bind_error(m->b, ast->key_place, "write PRIMARY KEY (…) NOT ENFORCED",
			"a PRIMARY KEY cannot be enforced");
		return false;
	}
	if (ast->primary_key.cnt > m->rel->column_cnt) {
		fb_bind_error(
			m->b, ast->key_place, NULL, "the key has more columns than the table");
		return false;
	}
	key = FB_ARENA_ARRAY(m->b->arena, uint16_t, ast->primary_key.cnt);
	if (key == NULL)
		return false;
	m->table->primary_key = key;
	for (const struct fb_ast_name *name = ast->primary_key.first; name != NULL;
		name = name->next) {
		int at = find_column(m, name->text);

		if (at < 0 || m->columns[at].kind != FB_COLUMN_PHYSICAL) {
			fb_bind_error(m->b, name->place, NULL,
				"PRIMARY KEY names '%.*s', which is no physical column",
				(int)FB_MIN(name->text.len, 100u), name->text.p);
			return false;
		}
		for (uint16_t i = 0; i < m->table->primary_key_cnt; i++) {
			if (key[i] == at) {
				fb_bind_error(m->b, name->place, NULL,
					"a column is in the PRIMARY KEY twice");
				return false;
			}
		}
		key[m->table->primary_key_cnt++] = (uint16_t)at;
	}
	return true;
}

/* ---- PARTITIONED BY ---- */

static bool bind_partitions(struct making *m)
{
	const struct fb_ast_names *names = &m->ast->partitioned;
	uint16_t *keys;

	if (names->cnt == 0)
		return true;
	if (names->cnt > m->table->field_cnt) {
		fb_bind_error(m->b, names->place, NULL, "more partition columns than columns");
		return false;
	}
	keys = FB_ARENA_ARRAY(m->b->arena, uint16_t, names->cnt);
	if (keys == NULL)
		return false;
	m->table->partition_keys = keys;
	for (const struct fb_ast_name *name = names->first; name != NULL; name = name->next) {
		int at = find_column(m, name->text);

		if (at < 0 || m->columns[at].kind != FB_COLUMN_PHYSICAL) {
			fb_bind_error(m->b, name->place, NULL,
				"PARTITIONED BY names '%.*s', which is no physical column",
				(int)FB_MIN(name->text.len, 100u), name->text.p);
			return false;
		}
		for (uint16_t i = 0; i < m->table->partition_key_cnt; i++) {
			if (keys[i] == m->columns[at].field) {
				fb_bind_error(m->b, name->place, NULL,
					"a column is in PARTITIONED BY twice");
				return false;
			}
		}
		keys[m->table->partition_key_cnt++] = m->columns[at].field;
	}
	return true;
}

/* What the connector makes of it; its name is known only when the options are. */
static bool check_partitions(struct making *m)
{
	const struct fb_table *table = m->table;
	struct fb_place at = m->ast->partitioned_place;
	char text[FB_TYPE_TEXT_BYTES];

	if (table->partition_key_cnt == 0)
		return true;
	if (strcmp(table->connector, "print") == 0 || strcmp(table->connector, "blackhole") == 0) {
		m->table->partition_key_cnt = 0;
		fb_bind_warn(m->b, at, NULL,
			"PARTITIONED BY has no effect: connector '%s' has no folders",
			table->connector);
		return true;
	}
	if (strcmp(table->connector, "filesystem") != 0) {
		fb_bind_error(m->b, at, "leave it out",
			"connector '%s' has no partitions; 'filesystem' has", table->connector);
		return false;
	}
	if (table->partition_key_cnt == table->field_cnt) {
		fb_bind_error(m->b, at, NULL, "a column must be left for the files");
		return false;
	}
	for (uint16_t i = 0; i < table->partition_key_cnt; i++) {
		struct fb_type type = table->fields[table->partition_keys[i]]->type;

		if (!fb_type_is_binary(type))
			continue;
		fb_bind_error(m->b, at, "partition by text, numbers or dates",
			"%s has no name as a folder", fb_type_format(type, text));
		return false;
	}
	return true;
}

/* Columns of a key are NOT NULL, declared or not; it has to be known before expressions are made of
 * them. */
static void mark_key_columns(const struct fb_ast_table *ast)
{
	if (ast->primary_key.cnt > FB_COLUMNS_MAX)
		return;
	for (const struct fb_ast_name *name = ast->primary_key.first; name != NULL;
		name = name->next)
		for (struct fb_ast_column *column = ast->columns; column != NULL;
			column = column->next)
			if (column->type != NULL && fb_str_eq(column->name->text, name->text))
				column->type->not_null = true;
}

/* ---- the table ---- */

static bool copy_options(struct making *m)
{
	const struct fb_ast_options *list = &m->ast->options;

	if (list->cnt > FB_COLUMNS_MAX) {
		fb_bind_error(
			m->b, m->ast->options_place, NULL, "more than %d options", FB_COLUMNS_MAX);
		return false;
	}
	m->table->options = fb_options_copy(m->b, list, 0);
	m->table->option_cnt = (uint16_t)list->cnt;
	return m->table->options != NULL;
}

static bool make_columns(struct making *m)
{
	struct fb_binder *b = m->b;
	size_t cnt = m->ast->column_cnt;
	bool ok = true;

	if (cnt > FB_COLUMNS_MAX) {
		fb_bind_error(b, m->table->place, NULL, "more than %d columns", FB_COLUMNS_MAX);
		return false;
	}
	m->columns = FB_ARENA_ARRAY(b->arena, struct fb_table_column, cnt + 1);
	m->table->fields = FB_ARENA_ARRAY(b->arena, const struct fb_table_column *, cnt + 1);
	m->rel->columns = FB_ARENA_ARRAY(b->arena, struct fb_rel_column, cnt + 1);
	if (m->columns == NULL || m->table->fields == NULL || m->rel->columns == NULL)
		return false;
	mark_key_columns(m->ast);
	for (const struct fb_ast_column *ast = m->ast->columns; ast != NULL; ast = ast->next)
		ok = add_column(m, ast) && ok;
	m->table->columns = m->columns;
	m->table->column_cnt = (uint16_t)m->rel->column_cnt;
	if (ok && m->table->field_cnt == 0) {
		fb_bind_error(b, m->table->place, NULL, "a table needs a physical column");
		ok = false;
	}
	return ok && bind_metadata_inputs(m) && bind_computed(m) && bind_watermark(m) && bind_key(m) && bind_partitions(m);
}

void fb_bind_create_table(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	const struct fb_ast_name *name = fb_bind_path(b, &statement->name);
	struct making m = {.b = b, .ast = statement->table};
	struct fb_def *def;

	if (name == NULL)
		return;
	def = fb_def_find(b, name->text);
	if (statement->if_exists && def != NULL && def->temporary == statement->temporary)
		return;
	def = fb_def_add(b, name->text, statement->temporary, statement->name.place);
	m.table = FB_ARENA_NEW(b->arena, struct fb_table);
	m.rel = FB_ARENA_NEW(b->arena, struct fb_rel);
	if (def == NULL || m.table == NULL || m.rel == NULL)
		return;
	def->broken = true; /* until all is well */
	def->ast = m.ast;
	m.table->temporary = statement->temporary;
	m.table->comment = m.ast->comment.p ? fb_arena_strdup(b->arena, m.ast->comment) : NULL;
	m.table->place = statement->name.place;
	m.table->name = fb_arena_strdup(b->arena, name->text);
	m.rel->source = m.table;
	m.rel->source_dropped = &def->dropped;

	bool ok = m.table->name != NULL && make_columns(&m);

	if (m.ast->options_place.line == 0) {
		fb_bind_error(b, statement->name.place, "write WITH ('connector' = 'kafka', …)",
			"the table has no option 'connector'");
		return;
	}
	if (!copy_options(&m) || !fb_options_check(b, m.table, statement->name.place) || !ok ||
		!check_partitions(&m))
		return;
	if (m.table->primary_key_cnt != 0 && strcmp(m.table->connector, "kafka") == 0)
		fb_bind_warn(b, m.ast->key_place, "leave it out if the file shall run on Flink",
			"Flink refuses a PRIMARY KEY on connector 'kafka' with format '%s'",
			m.table->format);
	def->table = m.table;
	def->rel = m.rel;
	def->broken = false;
	b->tables[b->plan->table_cnt++] = m.table;
}
