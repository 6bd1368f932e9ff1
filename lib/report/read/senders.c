/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/analyse/spike.h"
#include "report/read/inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* F3, T3 and T4: from where backscatter came, and who sent it around the days on which it was most. */

/* Regions that are looked at, those with most senders in the whole period. */
#define CANDIDATES 32

#define LINES_SHOWN 5

/* Regions that have a table if they have a spike; further ones only if it is that high beside the highest. */
#define TABLES_ALWAYS	 2
#define SHARE_OF_HIGHEST 0.5

/* ---- F3 ---- */

struct candidate {
	char region[NT_GET_NAME];
	uint64_t senders;
};

static int more_senders(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->senders != y->senders)
		return x->senders < y->senders ? 1 : -1;
	return strcmp(x->region, y->region);
}

/* Regions with senders in the period, those with most first; *n of them. */
static int find_candidates(struct reading *r, struct candidate *out, size_t *n)
{
	struct names hlls = {0};
	const char *const *list;
	struct nt_get_unique u;
	int err = 0;

	*n = 0;
	for (size_t i = 0; i < r->all_regions.n; i++)
		names_add(&hlls, "backscatter:region:%.8s", r->all_regions.at[i].name);
	list = names_list(&hlls);
	if (!list)
		err = -ENOMEM;
	else if (hlls.n)
		err = nt_get_unique(r->get, &r->period, NT_GET_WHOLE, list, hlls.n, &u);
	for (size_t i = 0; i < hlls.n && !err; i++) {
		struct candidate *c = &out[*n];

		snprintf(c->region, sizeof(c->region), "%s", r->all_regions.at[i].name);
		c->senders = nt_get_unique_at(&u, i, 0)->sources;
		*n += c->senders > 0;
	}
	if (!err && hlls.n)
		nt_get_unique_fini(&u);
	names_fini(&hlls);
	qsort(out, *n, sizeof(*out), more_senders);
	return err;
}

/* The focus region is looked at however few senders it has. */
static size_t keep_candidates(const struct reading *r, struct candidate *c, size_t n)
{
	if (n <= CANDIDATES)
		return n;
	for (size_t i = CANDIDATES; i < n; i++)
		if (!strcmp(c[i].region, r->report->wanted.region))
			c[CANDIDATES - 1] = c[i];
	return CANDIDATES;
}

static double peak_of(const struct nt_lines *l, size_t line)
{
	double peak = -1;

	for (size_t p = l->first; p < l->points; p++)
		if (nt_line(l, line)[p] > peak)
			peak = nt_line(l, line)[p];
	return peak;
}

static void swap_lines(struct nt_lines *l, size_t a, size_t b)
{
	char name[NT_GET_NAME];

	memcpy(name, l->name[a], sizeof(name));
	memcpy(l->name[a], l->name[b], sizeof(name));
	memcpy(l->name[b], name, sizeof(name));
	for (size_t p = 0; p < l->points; p++) {
		double value = l->value[a * l->points + p];
		bool at_least = l->at_least[a * l->points + p];

		l->value[a * l->points + p] = l->value[b * l->points + p];
		l->value[b * l->points + p] = value;
		l->at_least[a * l->points + p] = l->at_least[b * l->points + p];
		l->at_least[b * l->points + p] = at_least;
	}
}

/* The figure shows the regions with the highest days, and the focus region if it has any. */
static void order_lines(const char *focus, struct nt_lines *l, size_t *shown)
{
	*shown = l->n < LINES_SHOWN ? l->n : LINES_SHOWN;
	for (size_t i = 0; i < *shown; i++)
		for (size_t j = i + 1; j < l->n; j++)
			if (peak_of(l, j) > peak_of(l, i))
				swap_lines(l, i, j);
	for (size_t i = *shown; i < l->n; i++)
		if (!strcmp(l->name[i], focus)) {
			swap_lines(l, i, *shown);
			*shown += 1;
			return;
		}
}

static int read_lines(struct reading *r, const struct candidate *c, size_t n)
{
	struct nt_report *report = r->report;
	struct names hlls = {0};
	int err;

	for (size_t i = 0; i < n; i++)
		names_add(&hlls, "backscatter:region:%.8s", c[i].region);
	err = read_host_lines(r, &r->period, &hlls, &report->backscatter);
	names_fini(&hlls);
	for (size_t i = 0; i < n && !err; i++)
		memcpy(report->backscatter.name[i], c[i].region, sizeof(report->backscatter.name[i]));
	if (!err)
		order_lines(report->wanted.region, &report->backscatter, &report->backscatter_shown);
	return err;
}

int read_backscatter(struct reading *r)
{
	struct candidate *c = calloc(r->all_regions.n + 1, sizeof(*c));
	size_t n;
	int err = c ? find_candidates(r, c, &n) : -ENOMEM;

	if (!err) {
		n = keep_candidates(r, c, n);
		err = read_lines(r, c, n);
	}
	free(c);
	return err;
}

/* ---- T3, T4 ---- */

static struct nt_sender *sender_of(struct nt_senders *s, const char *address)
{
	struct nt_sender *at;

	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->at[i].address, address))
			return &s->at[i];
	if (!(s->n & (s->n - 1))) { /* a power of two, or none: the room is used up */
		at = reallocarray(s->at, s->n ? 2 * s->n : 1, sizeof(*at));
		if (!at)
			return NULL;
		s->at = at;
	}
	at = &s->at[s->n++];
	*at = (struct nt_sender){.asn = 0};
	snprintf(at->address, sizeof(at->address), "%s", address);
	return at;
}

static int take_day(struct nt_senders *s, size_t day, const struct nt_get_top *top)
{
	s->known[day] = top->coverage.sensors > 0;
	s->cut[day] = top->rest > 0;
	for (size_t i = 0; i < top->n; i++) {
		struct nt_sender *sender = sender_of(s, top->at[i].name);

		if (!sender)
			return -ENOMEM;
		sender->packets += top->at[i].packets;
		sender->seen[day] = true;
	}
	return 0;
}

static int read_days(struct reading *r, struct nt_senders *s)
{
	const struct nt_get_top_options options = {.set = {.key = NT_RKEY_BACKSCATTER, .part = s->region}};
	int err = 0;

	for (size_t day = 0; day < s->days && !err; day++) {
		int64_t at = s->first_day + (int64_t)day;
		const struct nt_get_query query = query_days(r, at, at);
		struct nt_get_top top;

		err = nt_get_top(r->get, &query, &options, &top);
		if (err)
			break;
		err = take_day(s, day, &top);
		nt_get_top_fini(&top);
	}
	return err;
}

static int name_senders(struct reading *r, const struct nt_get_query *query, struct nt_senders *s)
{
	struct owned *owned = calloc(s->n + 1, sizeof(*owned));
	int err = owned ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->n && !err; i++)
		owned[i].address = s->at[i].address;
	if (!err)
		err = read_owners(r, query, owned, s->n);
	for (size_t i = 0; i < s->n && !err; i++) {
		s->at[i].asn = owned[i].asn;
		s->at[i].org = owned[i].org;
	}
	free(owned);
	return err;
}

static size_t days_seen(const struct nt_sender *s)
{
	size_t days = 0;

	for (size_t i = 0; i < NT_REPORT_SENDER_DAYS; i++)
		days += s->seen[i];
	return days;
}

static int most_days_first(const void *a, const void *b)
{
	const struct nt_sender *x = a, *y = b;

	if (days_seen(x) != days_seen(y))
		return days_seen(x) < days_seen(y) ? 1 : -1;
	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return strcmp(x->address, y->address);
}

/*
 * The 1st to the 10th, the 11th to the 20th, or the rest of the month; and what of the spike lies outside. Days are
 * points of F3, which are those of the period.
 */
static void choose_days(const struct reading *r, size_t line, const struct nt_spike *spike, struct nt_senders *s)
{
	const struct nt_lines *l = &r->report->backscatter;
	int64_t at = nt_day_of(l->point[spike->peak].span.start_s, r->report->day_offset_h);
	struct nt_date date = nt_date_of(at);
	size_t before = (size_t)(date.day <= 10 ? date.day - 1 : date.day <= 20 ? date.day - 11 : date.day - 21);
	size_t first = spike->peak - (before < spike->peak ? before : spike->peak), last = spike->peak;

	while (last + 1 < l->points) {
		int day = nt_date_of(at + (int64_t)(last + 1 - spike->peak)).day;

		if (day == 1 || day == 11 || day == 21)
			break;
		last++;
	}
	nt_spike_widen(nt_line(l, line), l->points, spike, NT_REPORT_SENDER_USUAL, &first, &last);
	s->first_day = at - (int64_t)(spike->peak - first);
	s->days = last - first + 1;
}

static int read_table(struct reading *r, struct nt_senders *s)
{
	const struct nt_get_top_options options = {.set = {.key = NT_RKEY_BACKSCATTER_PORT, .part = s->region}};
	const struct nt_get_query query = query_days(r, s->first_day, s->first_day + (int64_t)s->days - 1);
	int err = read_days(r, s);

	if (!err && s->n)
		err = name_senders(r, &query, s);
	if (!err)
		err = nt_get_top(r->get, &query, &options, &s->ports);
	s->coverage = s->ports.coverage;
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), most_days_first);
	return err;
}

static int read_window(struct reading *r, const struct nt_report_window *window)
{
	struct nt_senders *s = &r->report->senders[r->report->sender_tables++];

	snprintf(s->region, sizeof(s->region), "%s", window->region);
	s->first_day = window->days.first_day;
	s->days = (size_t)(window->days.last_day - window->days.first_day + 1);
	return read_table(r, s);
}

/* ---- which regions ---- */

/* The highest spike of a region. */
struct outbreak {
	size_t line; /* of F3 */
	struct nt_spike spike;
	bool focus;
};

static double height(const struct outbreak *o)
{
	return o->spike.value - o->spike.usual;
}

/* The focus region, then those with the highest spikes. */
static int highest_first(const void *a, const void *b)
{
	const struct outbreak *x = a, *y = b;

	if (x->focus != y->focus)
		return x->focus ? -1 : 1;
	if (height(x) != height(y))
		return height(x) < height(y) ? 1 : -1;
	return x->line < y->line ? -1 : 1; /* as in the figure */
}

static size_t find_outbreaks(const struct nt_report *r, struct outbreak out[static CANDIDATES])
{
	const struct nt_lines *l = &r->backscatter;
	size_t n = 0;

	for (size_t line = 0; line < l->n; line++) {
		out[n] = (struct outbreak){.line = line, .focus = !strcmp(l->name[line], r->wanted.region)};
		n += nt_spikes(nt_line(l, line), l->points, &out[n].spike, 1) > 0;
	}
	qsort(out, n, sizeof(*out), highest_first);
	return n;
}

/* Of more than two, those that are small beside the highest are left to the figure. */
static size_t keep_outbreaks(const struct outbreak *o, size_t n)
{
	double highest = 0;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		highest = fmax(highest, height(&o[i]));
	while (kept < n && kept < NT_REPORT_SENDER_TABLES &&
	       (kept < TABLES_ALWAYS || height(&o[kept]) >= SHARE_OF_HIGHEST * highest))
		kept++;
	return kept;
}

static int read_outbreaks(struct reading *r)
{
	struct outbreak found[CANDIDATES];
	size_t n = keep_outbreaks(found, find_outbreaks(r->report, found));
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		struct nt_senders *s = &r->report->senders[r->report->sender_tables++];

		memcpy(s->region, r->report->backscatter.name[found[i].line], sizeof(s->region));
		choose_days(r, found[i].line, &found[i].spike, s);
		err = read_table(r, s);
	}
	return err;
}

int read_senders(struct reading *r)
{
	const struct nt_report_wanted *wanted = &r->report->wanted;
	int err = 0;

	if (!wanted->sender_tables)
		return read_outbreaks(r);
	for (size_t i = 0; i < wanted->sender_tables && !err; i++)
		err = read_window(r, &wanted->senders[i]);
	return err;
}
