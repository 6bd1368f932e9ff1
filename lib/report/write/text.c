/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What formats for people have in common. */

/* ---- cells ---- */

/* The column's title has the unit. */
static void put_points(double share, char *text, size_t size)
{
	double points = nearbyint(1000 * share) / 10;

	snprintf(text, size, "%s%.1f", points > 0 ? "+" : points < 0 ? "−" : "±", fabs(points));
}

void nt_cell_text(const struct nt_doc_column *column, const struct nt_doc_cell *cell, char *text, size_t size)
{
	const char *bound = cell->at_least ? "≥ " : "";

	if (nt_doc_is_text(column->kind)) {
		snprintf(text, size, "%s", cell->text ? cell->text : "-");
		return;
	}
	if (isnan(cell->number))
		snprintf(text, size, "-");
	else if (column->points)
		put_points(cell->number, text, size);
	else if (column->kind == NT_DOC_SHARE)
		snprintf(text, size, "%s%s", bound, nt_word_share("", cell->number).text);
	else if (column->kind == NT_DOC_FLAG)
		snprintf(text, size, "%s", cell->number != 0 ? "●" : "");
	else
		snprintf(text, size, "%s%s", bound, nt_word_count("", cell->number).text);
}

bool nt_item_has_bounds(const struct nt_doc_item *item)
{
	for (size_t i = 0; i < item->cells; i++)
		if (item->cell[i].at_least)
			return true;
	return false;
}

size_t nt_item_rows_read(const struct nt_doc_item *item)
{
	size_t rows = nt_doc_rows(item);

	return item->rows_shown && item->rows_shown < rows ? item->rows_shown : rows;
}

/* ---- texts ---- */

char *nt_item_shown_text(const struct nt_document *d, const struct nt_doc_item *item)
{
	const struct nt_word words[] = {nt_word_count("n", (double)nt_item_rows_read(item)),
					nt_word_count("all", (double)nt_doc_rows(item))};

	return nt_message_text(d->lang, NT_MSG_SHOWN, words, 2);
}

/* Writes a message; remembers in *err that there was no memory for it. */
static void put_message(const struct nt_document *d, enum nt_message message, const struct nt_word *words, size_t n,
			FILE *out, bool *failed)
{
	char *text = nt_message_text(d->lang, message, words, n);

	if (text && ftell(out) > 0)
		fputs(d->lang == NT_LANG_JA ? "" : " ", out);
	if (text)
		fputs(text, out);
	else
		*failed = true;
	free(text);
}

char *nt_item_basis_text(const struct nt_document *d, const struct nt_doc_basis *b)
{
	const struct nt_get_coverage *c = &b->coverage;
	const struct nt_word made_of[] = {
	    nt_word_count("sensors", (double)b->sensors),
	    nt_word_count("addresses", (double)b->addresses),
	    nt_word_count("lost", (double)c->lost),
	    nt_word_count("missing", c->expected > c->intervals ? (double)(c->expected - c->intervals) : 0),
	    nt_word_count("expected", (double)c->expected),
	};
	const struct nt_word geo =
	    nt_word_days("days", d->lang, nt_day_of(c->geo_oldest_s, 0), nt_day_of(c->geo_newest_s, 0), -1);
	const struct nt_word unstated = nt_word_count("n", (double)b->without_addresses);
	const struct nt_word loss = nt_word_count("n", (double)c->missed_unknown);
	bool failed = false;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_message(d, NT_MSG_BASIS, made_of, sizeof(made_of) / sizeof(made_of[0]), out, &failed);
	if (b->without_addresses)
		put_message(d, NT_MSG_BASIS_UNSTATED, &unstated, 1, out, &failed);
	if (c->missed_unknown)
		put_message(d, NT_MSG_BASIS_LOSS_UNKNOWN, &loss, 1, out, &failed);
	put_message(d, c->geo_newest_s ? NT_MSG_BASIS_GEO : NT_MSG_BASIS_NO_GEO, &geo, 1, out, &failed);
	if (!fclose(out) && !failed)
		return text;
	free(text);
	return NULL;
}
