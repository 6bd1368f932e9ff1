/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/draw/palette.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Contrast with white is 3 and more (WCAG 2.1, 1.4.11), so that thin lines are seen in print. The first five differ by
 * 10 and more in lightness (CIE L*: 26, 51, 9, 61, 38), so that they differ in grey. Seen without one of the three
 * cones (Machado, Oliveira, Fernandes 2009) any two of the eight differ by 16 and more in CIE76. */
const struct nt_look nt_look[NT_LOOKS] = {
    {.colour = "#003d7a", .dashes = "solid", .mark = 7},
    {.colour = "#cc5500", .dashes = "(10,3)", .mark = 9},
    {.colour = "#1a1a1a", .dashes = "(3,2)", .mark = 5},
    {.colour = "#2a9bd8", .dashes = "(14,3,3,3)", .mark = 13},
    {.colour = "#006650", .dashes = "(7,2,2,2,2,2)", .mark = 11},
    {.colour = "#b5509c", .dashes = "(18,4)", .mark = 7},
    {.colour = "#8a1c2b", .dashes = "(5,4)", .mark = 9},
    {.colour = "#8a8a8a", .dashes = "(2,3)", .mark = 5},
};

struct thing {
	const char *name;
	size_t place;
	bool placed;
};

struct nt_palette {
	struct thing *thing;
	size_t things;
};

static const char *name_of(const struct nt_doc_column *line)
{
	return line->thing[0] ? line->thing : line->key;
}

static struct thing *find(const struct nt_palette *p, const struct nt_doc_column *line)
{
	for (size_t i = 0; i < p->things; i++)
		if (!strcmp(p->thing[i].name, name_of(line)))
			return &p->thing[i];
	return NULL;
}

static bool is_drawn(const struct nt_doc_item *item, const struct nt_doc_column *column)
{
	return item->form == NT_DOC_FIGURE && column->line;
}

static bool has(const struct nt_doc_item *item, const char *name)
{
	for (size_t c = 0; c < item->columns; c++)
		if (is_drawn(item, &item->column[c]) && !strcmp(name_of(&item->column[c]), name))
			return true;
	return false;
}

/* Whether something that has the place meets the thing in any figure. */
static bool is_taken(const struct nt_palette *p, const struct nt_document *d, const struct thing *thing, size_t place)
{
	for (size_t i = 0; i < d->items; i++) {
		if (!has(&d->item[i], thing->name))
			continue;
		for (size_t t = 0; t < p->things; t++)
			if (p->thing[t].placed && p->thing[t].place == place && has(&d->item[i], p->thing[t].name))
				return true;
	}
	return false;
}

static void add_things(struct nt_palette *p, const struct nt_doc_item *item)
{
	for (size_t c = 0; c < item->columns; c++)
		if (is_drawn(item, &item->column[c]) && !find(p, &item->column[c]))
			p->thing[p->things++].name = name_of(&item->column[c]);
}

struct nt_palette *nt_palette_new(const struct nt_document *d)
{
	struct nt_palette *p = calloc(1, sizeof(*p));
	size_t columns = 0;

	for (size_t i = 0; i < d->items; i++)
		columns += d->item[i].columns;
	if (p)
		p->thing = calloc(columns + 1, sizeof(*p->thing));
	if (!p || !p->thing) {
		free(p);
		return NULL;
	}
	for (size_t i = 0; i < d->items; i++)
		add_things(p, &d->item[i]);
	for (size_t t = 0; t < p->things; t++) {
		while (is_taken(p, d, &p->thing[t], p->thing[t].place))
			p->thing[t].place++;
		p->thing[t].placed = true;
	}
	return p;
}

void nt_palette_free(struct nt_palette *palette)
{
	if (palette)
		free(palette->thing);
	free(palette);
}

size_t nt_palette_place(const struct nt_palette *palette, const struct nt_doc_column *line)
{
	const struct thing *thing = find(palette, line);

	return thing ? thing->place : 0;
}
