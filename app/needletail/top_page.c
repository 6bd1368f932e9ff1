/* SPDX-License-Identifier: BSD-3-Clause */
#include "top_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Columns of a number in a table. */
#define NUMBER 7

/* Narrowest block: name, packets, sources. */
#define BLOCK 26

/* First row of the tables. */
#define TABLES 6

#define NUMBER_TEXT 32

/* ---- numbers and times ---- */

/* In full if there is room, else with a letter for thousands, millions ... */
static void short_number(char text[static NUMBER_TEXT], uint64_t value, int room)
{
	static const char letter[] = "kMGTPE";
	double scaled = (double)value;
	size_t i = 0;

	if (snprintf(text, NUMBER_TEXT, "%" PRIu64, value) <= room)
		return;
	for (scaled /= 1000; scaled >= 999.95 && i + 1 < sizeof(letter) - 1; i++)
		scaled /= 1000;
	snprintf(text, NUMBER_TEXT, "%.1f%c", scaled, letter[i]);
}

/* "12,345,678" */
static const char *long_number(char text[static NUMBER_TEXT], uint64_t value)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, value), to = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			text[to++] = ',';
		text[to++] = digits[i];
	}
	text[to] = '\0';
	return text;
}

static void rate_text(char text[static NUMBER_TEXT], double per_second, const char *unit)
{
	static const char *const prefix[] = {"", "k", "M", "G", "T", "P", "E"};
	size_t i = 0;

	for (; per_second >= 9999.5 && i + 1 < sizeof(prefix) / sizeof(prefix[0]); i++)
		per_second /= 1000;
	snprintf(text, NUMBER_TEXT, "%.1f %s%s", per_second, prefix[i], unit);
}

static const char *age_text(char text[static NUMBER_TEXT], int64_t seconds)
{
	if (seconds < 0)
		snprintf(text, NUMBER_TEXT, "ahead of our clock");
	else if (seconds < 120)
		snprintf(text, NUMBER_TEXT, "%" PRId64 " s old", seconds);
	else if (seconds < 7200)
		snprintf(text, NUMBER_TEXT, "%" PRId64 " min old", seconds / 60);
	else if (seconds < 172800)
		snprintf(text, NUMBER_TEXT, "%" PRId64 " h old", seconds / 3600);
	else
		snprintf(text, NUMBER_TEXT, "%" PRId64 " days old", seconds / 86400);
	return text;
}

static const char *time_text(char text[static NUMBER_TEXT], int64_t s, const char *format)
{
	time_t t = (time_t)s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, NUMBER_TEXT, format, &tm))
		snprintf(text, NUMBER_TEXT, "?");
	return text;
}

/* ---- the head ---- */

static void put_title(struct top_canvas *c, const struct top_data *d, const struct top_view *view)
{
	int64_t age_s = view->now_s - d->end_s;
	char text[NUMBER_TEXT];
	int at;

	at = top_canvas_print(c, 0, 0, c->columns - 20, TOP_TITLE, " needletail  %s", d->name);
	if (d->group[0])
		at += top_canvas_print(c, 0, at, c->columns - 20 - at, TOP_TITLE, "  %s", d->group);
	if (d->addresses)
		at += top_canvas_print(c, 0, at, c->columns - 20 - at, TOP_TITLE, "  %s addresses",
				       long_number(text, d->addresses));
	if (d->interval_s)
		top_canvas_right(c, 0, c->columns - 20, 19, TOP_TITLE, age_text(text, age_s));
	top_canvas_fill(c, 0, age_s > 3 * (int64_t)d->interval_s && d->interval_s ? TOP_ALARM : TOP_TITLE);
}

/* Sources of an interval are known of each sensor, and one may be a source of several. */
static const char *up_to(const struct top_data *d)
{
	return d->reporting > 1 ? "<=" : "";
}

static void put_rates(struct top_canvas *c, const struct top_data *d)
{
	char packets[NUMBER_TEXT], bits[NUMBER_TEXT], sources[NUMBER_TEXT], when[NUMBER_TEXT];
	double seconds = d->interval_s;
	int at;

	rate_text(packets, (double)d->number[NT_GET_FRAMES] / seconds, "packets/s");
	rate_text(bits, 8 * (double)d->number[NT_GET_BYTES] / seconds, "bit/s");
	at = top_canvas_print(c, 1, 1, c->columns - 1, TOP_GOOD, "%s   %s", packets, bits);
	at += top_canvas_print(c, 1, 1 + at, c->columns - 1 - at, TOP_PLAIN, "   %s%s sources   %s UTC, %" PRIu32 " s",
			       up_to(d), long_number(sources, d->number[NT_GET_SOURCES]),
			       time_text(when, d->newest_s, "%Y-%m-%d %H:%M:%S"), d->interval_s);
	if (d->reporting < d->sensors)
		top_canvas_print(c, 1, 1 + at, c->columns - 1 - at, TOP_ALARM, "   %zu of %zu sensors", d->reporting,
				 d->sensors);
}

static double share(const struct top_data *d, enum nt_get_live_field f)
{
	return d->number[NT_GET_FRAMES] ? 100.0 * (double)d->number[f] / (double)d->number[NT_GET_FRAMES] : 0;
}

static void put_kinds(struct top_canvas *c, const struct top_data *d)
{
	char packets[NUMBER_TEXT], sources[NUMBER_TEXT];

	short_number(packets, d->number[NT_GET_BACKSCATTER_PACKETS], NUMBER);
	short_number(sources, d->number[NT_GET_BACKSCATTER_SOURCES], NUMBER);
	top_canvas_print(c, 2, 1, c->columns - 1, TOP_PLAIN,
			 "tcp %.0f%%  udp %.0f%%  icmp %.0f%%  other %.0f%%  backscatter %s packets, %s%s sources",
			 share(d, NT_GET_TCP), share(d, NT_GET_UDP), share(d, NT_GET_ICMP), share(d, NT_GET_OTHER),
			 packets, up_to(d), sources);
}

static const char *level_text(const struct top_canvas *c, const struct top_rate *rate, uint64_t most)
{
	static const char *const block[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	size_t level = most ? (size_t)((double)rate->frames * 7.99 / (double)most) : 0;

	if (!rate->sensors)
		return " ";
	return c->utf8 ? block[level] : ascii[level];
}

static void put_line(struct top_canvas *c, const struct top_data *d)
{
	char label[NUMBER_TEXT], peak[NUMBER_TEXT], text[64];
	size_t shown = (size_t)c->columns - 40;
	const struct top_rate *rate;
	uint64_t most = 0;
	int at;

	if (shown > d->rates)
		shown = d->rates;
	rate = &d->rate[d->rates - shown];
	for (size_t i = 0; i < shown; i++)
		most = rate[i].frames > most ? rate[i].frames : most;
	age_text(label, (int64_t)shown * d->interval_s);
	label[strlen(label) - strlen(" old")] = '\0';
	at = top_canvas_print(c, 3, 1, 20, TOP_FAINT, "last %s ", label);
	for (size_t i = 0; i < shown; i++)
		top_canvas_put(c, 3, 1 + at + (int)i, 1, TOP_LINE, level_text(c, &rate[i], most));
	rate_text(peak, (double)most / d->interval_s, "packets/s");
	snprintf(text, sizeof(text), " peak %s", peak);
	top_canvas_put(c, 3, 1 + at + (int)shown, c->columns, TOP_FAINT, text);
}

/* What is wrong stands out. */
static int put_fault(struct top_canvas *c, int at, const char *name, uint64_t number, bool known)
{
	char text[NUMBER_TEXT] = "?";

	if (known)
		short_number(text, number, 12);
	return at +
	       top_canvas_print(c, 4, at, c->columns - at, known && number ? TOP_ALARM : TOP_PLAIN, "%s %s", name,
				text) +
	       2;
}

static void put_health(struct top_canvas *c, const struct top_data *d)
{
	char text[NUMBER_TEXT];
	int at = 1;

	at = put_fault(c, at, "missed", d->number[NT_GET_MISSED], d->missed_known);
	at = put_fault(c, at, "no_mbuf", d->number[NT_GET_NO_MBUF], true);
	at = put_fault(c, at, "errors", d->number[NT_GET_ERRORS], true);
	at = put_fault(c, at, "unexplained", d->number[NT_GET_UNEXPLAINED], true);
	short_number(text, d->number[NT_GET_MALFORMED], 9);
	at += top_canvas_print(c, 4, at, c->columns - at, TOP_PLAIN, "malformed %s  ", text);
	short_number(text, d->number[NT_GET_TRUNCATED], 9);
	at += top_canvas_print(c, 4, at, c->columns - at, TOP_PLAIN, "truncated %s  ", text);
	if (d->dropped_intervals)
		at = put_fault(c, at, "dropped intervals", d->dropped_intervals, true);
	if (d->gap_intervals)
		put_fault(c, at, "gaps", d->gap_intervals, true);
}

/* What the tables are of, and how much of that there is. */
static void put_span(struct top_canvas *c, const struct top_data *d)
{
	const struct nt_get_coverage *k = &d->coverage;
	char when[NUMBER_TEXT], packets[NUMBER_TEXT], sources[NUMBER_TEXT];
	uint64_t lost = k->lost + k->unexplained;
	int at;

	long_number(sources, d->sources.sources);
	at = top_canvas_print(c, 5, 0, c->columns, TOP_HEADING,
			      " %s since %s UTC: ", d->span == TOP_DAY ? "day" : "hour",
			      time_text(when, k->covered.start_s, "%m-%d %H:%M"));
	at += top_canvas_print(c, 5, at, c->columns - at, TOP_PLAIN, "%s packets  %s%s sources  ",
			       long_number(packets, d->frames), d->sources.quality == NT_GET_AT_LEAST ? ">" : "",
			       sources);
	at += top_canvas_print(c, 5, at, c->columns - at, k->intervals < k->expected ? TOP_ALARM : TOP_PLAIN,
			       "%" PRIu64 " of %" PRIu64 " intervals", k->intervals, k->expected);
	if (lost)
		at += top_canvas_print(c, 5, at, c->columns - at, TOP_ALARM, "  %" PRIu64 " lost", lost);
	if (k->defects)
		top_canvas_print(c, 5, at, c->columns - at, TOP_ALARM, "  %" PRIu64 " defects in Redis", k->defects);
}

/* ---- tables ---- */

struct block {
	enum top_table table;
	const char *name;
	bool packets;
	bool sources;
};

static const struct block blocks[] = {
    {TOP_PORTS, "PORTS", true, true},
    {TOP_REGIONS, "REGIONS", true, true},
    {TOP_CLASSES, "BACKSCATTER", true, false},
    {TOP_VICTIMS, "FROM REGIONS", false, true},
    {TOP_SIGNATURES, "SIGNATURES", true, true},
    {TOP_SYSTEMS, "SYSTEMS", true, false},
    {TOP_REGION_PORT, "REGION AND PORT", true, false},
};

struct place {
	int row;
	int rows;
	int column;
	int columns;
};

static void put_number(struct top_canvas *c, int row, int column, uint64_t number, bool known, bool low)
{
	char text[NUMBER_TEXT + 1] = "-";

	if (known)
		short_number(text + low, number, NUMBER - low);
	if (known && low)
		text[0] = '>';
	top_canvas_right(c, row, column, NUMBER, known ? TOP_PLAIN : TOP_FAINT, text);
}

static int name_columns(const struct block *b, const struct place *p)
{
	return p->columns - (b->packets ? NUMBER + 1 : 0) - (b->sources ? NUMBER + 1 : 0);
}

static void put_row(struct top_canvas *c, const struct block *b, const struct place *p, int row,
		    const struct top_row *r)
{
	int at = p->column + name_columns(b, p) + 1;

	top_canvas_put(c, row, p->column, name_columns(b, p), TOP_PLAIN, r->name);
	if (b->packets) {
		put_number(c, row, at, r->packets, r->packets_known, r->packets_low);
		at += NUMBER + 1;
	}
	if (b->sources)
		put_number(c, row, at, r->sources, r->sources_known, r->sources_low);
}

static void put_heading(struct top_canvas *c, const struct block *b, const struct place *p, bool by_sources)
{
	bool sorted_by_sources = !b->packets || (by_sources && b->sources);
	int at = p->column + name_columns(b, p) + 1;

	top_canvas_put(c, p->row, p->column, name_columns(b, p), TOP_HEADING, b->name);
	if (b->packets) {
		top_canvas_right(c, p->row, at, NUMBER, sorted_by_sources ? TOP_FAINT : TOP_HEADING, "packets");
		at += NUMBER + 1;
	}
	if (b->sources)
		top_canvas_right(c, p->row, at, NUMBER, sorted_by_sources ? TOP_HEADING : TOP_FAINT, "sources");
}

static int by_sources(const void *a, const void *b)
{
	const struct top_row *const *x = a, *const *y = b;

	if ((*x)->sources != (*y)->sources)
		return (*x)->sources < (*y)->sources ? 1 : -1;
	if ((*x)->packets != (*y)->packets)
		return (*x)->packets < (*y)->packets ? 1 : -1;
	return strcmp((*x)->name, (*y)->name);
}

static void put_block(struct top_canvas *c, const struct top_data *d, const struct top_view *view,
		      const struct block *b, const struct place *p)
{
	const struct top_rows *rows = &d->table[b->table];
	const struct top_row *row[TOP_ROWS];

	put_heading(c, b, p, view->by_sources);
	for (size_t i = 0; i < rows->n; i++)
		row[i] = &rows->row[i];
	if (view->by_sources && b->sources)
		qsort(row, rows->n, sizeof(*row), by_sources);
	for (size_t i = 0; i < rows->n && (int)i + 1 < p->rows; i++)
		put_row(c, b, p, p->row + 1 + (int)i, row[i]);
}

/* Three columns of blocks, and more where there is room; the third is of three, one above the other. */
static void put_tables(struct top_canvas *c, const struct top_data *d, const struct top_view *view, int rows)
{
	static const size_t first[] = {0, 1, 2, 5, 6};
	int columns = (c->columns + 1) / (BLOCK + 1);
	struct place p;

	if (columns > 5)
		columns = 5;
	for (int i = 0; i < columns; i++) {
		int blocks_here = i == 2 ? 3 : 1, left = rows;

		p = (struct place){.row = TABLES, .columns = (c->columns - (columns - 1)) / columns};
		p.column = i * (p.columns + 1);
		for (int b = 0; b < blocks_here; b++) {
			p.rows = left / (blocks_here - b);
			put_block(c, d, view, &blocks[first[i] + (size_t)b], &p);
			p.row += p.rows;
			left -= p.rows;
		}
	}
}

/* ---- events ---- */

static void put_event(struct top_canvas *c, const struct top_data *d, int row, const struct nt_get_event *e)
{
	char when[NUMBER_TEXT];
	int at = 0;

	at += top_canvas_print(c, row, at, c->columns, TOP_FAINT, " %s ",
			       time_text(when, (int64_t)(e->id.ms / 1000), "%m-%d %H:%M"));
	if (d->sensors > 1)
		at += top_canvas_print(c, row, at, c->columns - at, TOP_PLAIN, "%s ", e->sensor);
	at += top_canvas_print(c, row, at, c->columns - at, TOP_GOOD, "%-10s ", e->type);
	at += top_canvas_print(c, row, at, c->columns - at, TOP_PLAIN, "%-2s %s ", e->region, e->source);
	top_canvas_put(c, row, at, c->columns - at, TOP_PLAIN, e->body);
}

static void put_events(struct top_canvas *c, const struct top_data *d, int row, int rows)
{
	const struct nt_get_events *e = &d->events;

	top_canvas_put(c, row, 0, c->columns, TOP_HEADING, " EVENTS");
	if (!e->n)
		top_canvas_put(c, row, 10, c->columns, TOP_FAINT, "none");
	for (int i = 0; i + 1 < rows && (size_t)i < e->n; i++)
		put_event(c, d, row + 1 + i, &e->at[e->n - 1 - (size_t)i]);
}

/* ---- the page ---- */

static void put_help(struct top_canvas *c)
{
	static const char *const line[] = {
	    "q          quit",
	    "n p        next and previous sensor, behind the last all together (also arrows, tab)",
	    "a          all sensors together",
	    "s          tables in the order of packets, or of sources",
	    "t          tables of the day, or of the hour",
	    "h          this help, and back",
	    "",
	    "The head is of the newest interval, the tables are of the open day or hour.",
	    "Sources are counted once over all sensors; in tables they are known of days.",
	    "-          not known: of that only packets are counted, or only in a day",
	    ">          at least so many: the rest is not kept any more",
	    "<=         so many at most: a source of several sensors counts for each",
	    "missed ?   the driver does not tell",
	    "A blank in the line of rates is time of which there is nothing.",
	};

	for (size_t i = 0; i < sizeof(line) / sizeof(line[0]); i++)
		top_canvas_put(c, 2 + (int)i, 2, c->columns - 2, TOP_PLAIN, line[i]);
}

static void put_last_row(struct top_canvas *c, const struct top_view *view)
{
	int row = c->rows - 1;

	if (view->trouble) {
		top_canvas_print(c, row, 0, c->columns, TOP_ALARM, " Redis: %s; trying again", view->trouble);
		top_canvas_fill(c, row, TOP_ALARM);
	} else if (view->keys) {
		top_canvas_put(c, row, 0, c->columns, TOP_FAINT,
			       view->help ? " h back   q quit"
					  : " q quit   h help   n/p sensor   a all   s packets/sources   t day/hour");
	}
}

static void put_data(struct top_canvas *c, const struct top_data *d, const struct top_view *view)
{
	int events = c->rows / 6, last = c->rows - (view->keys || view->trouble);

	put_rates(c, d);
	put_kinds(c, d);
	put_line(c, d);
	put_health(c, d);
	put_span(c, d);
	put_tables(c, d, view, last - events - TABLES);
	put_events(c, d, last - events, events);
}

static void put_nothing(struct top_canvas *c, const struct top_data *d, const struct top_view *view)
{
	const char *why = "nothing has been read yet";

	if (!view->trouble)
		why = d && d->sensors ? "this sensor has no data yet" : "no sensor has written here yet";
	top_canvas_put(c, 2, 1, c->columns - 1, TOP_FAINT, view->where);
	top_canvas_put(c, 3, 1, c->columns - 1, TOP_PLAIN, why);
}

void top_page(struct top_canvas *c, const struct top_data *data, const struct top_view *view)
{
	if (c->rows < TOP_ROWS_MIN || c->columns < TOP_COLUMNS_MIN) {
		top_canvas_print(c, 0, 0, c->columns, TOP_PLAIN, "%dx%d is too small:", c->columns, c->rows);
		top_canvas_print(c, 1, 0, c->columns, TOP_PLAIN, "%dx%d needed", TOP_COLUMNS_MIN, TOP_ROWS_MIN);
		return;
	}
	if (data)
		put_title(c, data, view);
	if (view->help)
		put_help(c);
	else if (data && data->interval_s)
		put_data(c, data, view);
	else
		put_nothing(c, data, view);
	put_last_row(c, view);
}
