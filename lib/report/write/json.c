/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/write.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>

/* One JSON document: config/report.md. A lack of memory anywhere makes the document NULL in the end. */

/* What a double counts exactly; more packets than that nobody has. */
#define WHOLE_MOST (INT64_C(1) << 53)

static const char *const kind_name[] = {
    [NT_DOC_TEXT] = "text", [NT_DOC_COUNT] = "count", [NT_DOC_SHARE] = "share", [NT_DOC_REAL] = "real",
    [NT_DOC_DATE] = "date", [NT_DOC_TIME] = "time",   [NT_DOC_FLAG] = "flag",
};

static const char *const form_name[] = {[NT_DOC_TABLE] = "table", [NT_DOC_FIGURE] = "figure", [NT_DOC_DATA] = "data"};

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *texts_json(char *const *text, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(text[i]));
	return list;
}

static json_t *cell_json(const struct nt_doc_column *column, const struct nt_doc_cell *cell)
{
	if (nt_doc_is_text(column->kind))
		return text_json(cell->text);
	if (isnan(cell->number))
		return json_null();
	if (column->kind == NT_DOC_FLAG)
		return json_boolean(cell->number != 0);
	if (column->kind != NT_DOC_COUNT)
		return json_real(cell->number);
	return json_integer(fabs(cell->number) < WHOLE_MOST ? (json_int_t)llround(cell->number) : WHOLE_MOST);
}

static json_t *row_json(const struct nt_doc_item *item, size_t row)
{
	json_t *object = json_object(), *bounds = json_array();

	for (size_t i = 0; i < item->columns; i++) {
		const struct nt_doc_cell *cell = nt_doc_cell(item, row, i);

		json_object_set_new(object, item->column[i].key, cell_json(&item->column[i], cell));
		if (cell->at_least)
			json_array_append_new(bounds, json_string(item->column[i].key));
	}
	if (json_array_size(bounds))
		json_object_set(object, "at_least", bounds);
	json_decref(bounds);
	return object;
}

static json_t *columns_json(const struct nt_doc_item *item)
{
	json_t *list = json_array();

	for (size_t i = 0; i < item->columns; i++) {
		const struct nt_doc_column *c = &item->column[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "key", c->key, "title", c->title, "kind",
						      kind_name[c->kind], "line", (int)c->line));
	}
	return list;
}

static json_t *time_json(int64_t at_s)
{
	return at_s ? json_integer(at_s) : json_null();
}

static json_t *basis_json(const struct nt_doc_basis *b)
{
	const struct nt_get_coverage *c = &b->coverage;
	uint64_t missing = c->expected > c->intervals ? c->expected - c->intervals : 0;

	if (!b->known)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "sensors",
			 (json_int_t)b->sensors, "sensors_with_data", (json_int_t)c->sensors, "addresses",
			 (json_int_t)b->addresses, "sensors_without_addresses", (json_int_t)b->without_addresses,
			 "intervals", (json_int_t)c->intervals, "expected_intervals", (json_int_t)c->expected,
			 "missing_intervals", (json_int_t)missing, "lost_packets", (json_int_t)c->lost,
			 "loss_unknown_intervals", (json_int_t)c->missed_unknown, "unexplained_packets",
			 (json_int_t)c->unexplained, "defects", (json_int_t)c->defects, "region_database_from",
			 time_json(c->geo_oldest_s), "region_database_to", time_json(c->geo_newest_s));
}

static json_t *item_json(const struct nt_doc_item *item)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < nt_doc_rows(item); i++)
		json_array_append_new(rows, row_json(item, i));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", item->id, "form", form_name[item->form],
			 "title", item->title, "sentences", texts_json(item->sentence, item->sentences), "notes",
			 texts_json(item->note, item->notes), "basis", basis_json(&item->basis), "columns",
			 columns_json(item), "rows", rows);
}

static json_t *period_json(const struct nt_document *d)
{
	char first[NT_DAY_TEXT], last[NT_DAY_TEXT];

	nt_day_text(d->first_day, first);
	nt_day_text(d->last_day, last);
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:i}", "name", d->period, "first", first, "last", last, "start",
			 (json_int_t)d->span.start_s, "end", (json_int_t)d->span.end_s, "day_offset_h",
			 (int)d->day_offset_h);
}

static json_t *document_json(const struct nt_document *d)
{
	json_t *items = json_array();

	for (size_t i = 0; i < d->items; i++)
		json_array_append_new(items, item_json(&d->item[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "schema", NT_REPORT_SCHEMA, "lang", nt_lang_code[d->lang],
			 "title", d->title, "period", period_json(d), "compared_with", d->compared, "items", items);
}

int nt_write_json(const struct nt_document *d, FILE *out)
{
	json_t *json = document_json(d);
	int err = 0;

	if (!json)
		return -ENOMEM;
	if (json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) || fputc('\n', out) == EOF || fflush(out) ||
	    ferror(out))
		err = errno ? -errno : -EIO;
	json_decref(json);
	return err;
}
