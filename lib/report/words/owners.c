/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/words/owners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words for usual categories; any other stands as it is written. The first is for those without a label. */
static const struct {
	const char *category;
	const char *word[NT_LANGS];
} known[] = {
    {"organisation", {"organisation", "組織"}},
    {"bank", {"bank", "銀行"}},
    {"portal", {"portal", "ポータルサイト"}},
    {"isp", {"ISP", "通信事業者"}},
    {"hosting", {"hosting service", "ホスティング事業者"}},
    {"cdn", {"CDN", "CDN事業者"}},
    {"university", {"university", "大学"}},
    {"government", {"government body", "政府機関"}},
    {"media", {"media company", "報道機関"}},
    {"shop", {"shop", "通販サイト"}},
    {"game", {"game service", "ゲームサービス"}},
    {"hospital", {"hospital", "病院"}},
    {"exchange", {"exchange", "取引所"}},
    {"ministry", {"ministry", "省庁"}},
    {"railway", {"railway", "鉄道会社"}},
    {"airline", {"airline", "航空会社"}},
    {"research", {"research body", "研究機関"}},
    {"company", {"company", "企業"}},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

struct met {
	char category[NT_LABEL_TEXT];
	char org[NT_LABEL_TEXT];
	unsigned int letter;
};

struct nt_owners {
	const struct nt_labels *labels;
	bool pseudonyms;
	enum nt_lang lang;
	struct met *met;
	size_t n;
};

struct nt_owners *nt_owners_new(const struct nt_labels *labels, bool pseudonyms, enum nt_lang lang)
{
	struct nt_owners *o = calloc(1, sizeof(*o));

	if (o)
		*o = (struct nt_owners){.labels = labels, .pseudonyms = pseudonyms, .lang = lang};
	return o;
}

void nt_owners_free(struct nt_owners *o)
{
	if (!o)
		return;
	free(o->met);
	free(o);
}

bool nt_owners_pseudonyms(const struct nt_owners *o)
{
	return o->pseudonyms;
}

static const char *word_of(const struct nt_owners *o, const char *category)
{
	for (size_t i = 0; i < KNOWN; i++)
		if (!strcmp(known[i].category, category))
			return known[i].word[o->lang];
	return category;
}

/* NULL: out of memory. */
static const struct met *meet(struct nt_owners *o, const char *category, const char *org)
{
	unsigned int letter = 0;
	struct met *met;

	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->met[i].category, category) != 0)
			continue;
		if (!strcmp(o->met[i].org, org))
			return &o->met[i];
		letter++;
	}
	met = reallocarray(o->met, o->n + 1, sizeof(*met));
	if (!met)
		return NULL;
	o->met = met;
	met = &o->met[o->n++];
	*met = (struct met){.letter = letter};
	snprintf(met->category, sizeof(met->category), "%s", category);
	snprintf(met->org, sizeof(met->org), "%s", org);
	return met;
}

/* A ... Z, AA, AB ... */
static void letters(unsigned int number, char text[static 8])
{
	char turned[8];
	size_t n = 0;

	for (unsigned int rest = number + 1; rest && n < sizeof(turned) - 1; rest = (rest - 1) / 26)
		turned[n++] = (char)('A' + (rest - 1) % 26);
	for (size_t i = 0; i < n; i++)
		text[i] = turned[n - 1 - i];
	text[n] = '\0';
}

bool nt_owner_text(struct nt_owners *o, const char *address, const char *org, char text[static NT_OWNER_TEXT])
{
	const struct nt_label *label = nt_labels_find(o->labels, address);
	char name[NT_LABEL_TEXT], letter[8];
	const struct met *met;

	text[0] = '\0';
	if (!label && (!org || !*org))
		return false;
	snprintf(name, sizeof(name), "%s", label ? label->org : org);
	if (!o->pseudonyms) {
		snprintf(text, NT_OWNER_TEXT, "%s", name);
		return true;
	}
	met = meet(o, label && label->category[0] ? label->category : known[0].category, name);
	if (!met)
		return false;
	letters(met->letter, letter);
	snprintf(text, NT_OWNER_TEXT, o->lang == NT_LANG_JA ? "%.150s%s" : "%.150s %s", word_of(o, met->category),
		 letter);
	return true;
}
