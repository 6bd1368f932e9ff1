/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/spike.h"
#include "report/compose/inside.h"

/* Days of the period on which a line was far above what is usual. */

#define SPIKES_OF_A_LINE 3

static size_t find_spikes(const struct nt_lines *l, size_t line, struct nt_spike out[static SPIKES_OF_A_LINE])
{
	return nt_spikes(&nt_line(l, line)[l->first], l->points - l->first, out, SPIKES_OF_A_LINE);
}

void say_spikes(struct composing *c, const struct figure *f, size_t line, int unit)
{
	const struct nt_lines *l = f->lines;
	struct nt_spike spike[SPIKES_OF_A_LINE];
	size_t n = find_spikes(l, line, spike);

	for (size_t i = 0; i < n; i++)
		nt_doc_say(c->d, NT_MSG_SPIKE,
			   WORDS(word_line(c, "line", f->title, l->name[line]),
				 nt_word_day("date", c->lang, day_at(c, l, l->first + spike[i].peak), c->last_day),
				 nt_word_count("value", spike[i].value), nt_word_count("usual", spike[i].usual),
				 word_unit(c, unit, spike[i].value)));
}

static const struct column spike_column[] = {
    {"line", NT_DOC_TEXT, NT_MSG_COL_LINE},   {"first", NT_DOC_DATE, NT_MSG_COL_FIRST},
    {"last", NT_DOC_DATE, NT_MSG_COL_LAST},   {"peak", NT_DOC_DATE, NT_MSG_COL_PEAK},
    {"value", NT_DOC_REAL, NT_MSG_COL_VALUE}, {"usual", NT_DOC_REAL, NT_MSG_COL_USUAL},
};

void add_spikes(struct composing *c, const struct figure *f, size_t lines)
{
	const struct nt_lines *l = f->lines;

	begin_data(c, f->id, "spikes", NT_MSG_TITLE_SPIKES, COLUMNS_OF(spike_column));
	for (size_t i = 0; i < lines; i++) {
		struct nt_spike spike[SPIKES_OF_A_LINE];
		size_t n = find_spikes(l, i, spike);

		for (size_t k = 0; k < n; k++) {
			nt_doc_text(c->d, l->name[i]);
			nt_doc_day(c->d, day_at(c, l, l->first + spike[k].first));
			nt_doc_day(c->d, day_at(c, l, l->first + spike[k].last));
			nt_doc_day(c->d, day_at(c, l, l->first + spike[k].peak));
			nt_doc_number(c->d, spike[k].value);
			nt_doc_number(c->d, spike[k].usual);
		}
	}
}
