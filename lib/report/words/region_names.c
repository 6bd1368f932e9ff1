/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/words/names.h"

#include <errno.h>
#include <jansson.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA	 "/usr/share/iso-codes/json/iso_3166-1.json"
#define DOMAIN	 "iso_3166-1"
#define MESSAGES "/usr/share/locale"

const char *const nt_lang_code[NT_LANGS] = {[NT_LANG_EN] = "en", [NT_LANG_JA] = "ja"};

struct region {
	char code[3];
	char *name;
};

struct nt_region_names {
	struct region *at; /* sorted by code */
	size_t n;
};

/* Codes that region databases have besides the standard's, and names that the translations lack or that nobody says so.
 * NULL: as the system has it. */
static const struct {
	char code[3];
	const char *name[NT_LANGS];
} own[] = {
    {"AP", {"Asia and the Pacific", "アジア太平洋"}},
    {"CZ", {NULL, "チェコ"}},
    {"EU", {"Europe", "ヨーロッパ"}},
    {"IR", {NULL, "イラン"}},
    {"KP", {NULL, "北朝鮮"}},
    {"KR", {NULL, "韓国"}},
    {"LA", {NULL, "ラオス"}},
    {"MD", {NULL, "モルドバ"}},
    {"MK", {NULL, "北マケドニア"}},
    {"SY", {NULL, "シリア"}},
    {"SZ", {NULL, "エスワティニ"}},
    {"TR", {NULL, "トルコ"}},
    {"TW", {"Taiwan", "台湾"}},
    {"VA", {NULL, "バチカン"}},
    {"XK", {"Kosovo", "コソボ"}},
};

#define OWN (sizeof(own) / sizeof(own[0]))

static const char *own_name(const char *code, enum nt_lang lang)
{
	for (size_t i = 0; i < OWN; i++)
		if (!strcmp(own[i].code, code))
			return own[i].name[lang];
	return NULL;
}

static int by_code(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	return strcmp(x->code, y->code);
}

/* The usual name, if it has another one than the standard's; the catalogue lacks some of these. */
static char *name_of(const json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "name"));
	const char *usual = json_string_value(json_object_get(entry, "common_name"));
	const char *translated = usual ? dgettext(DOMAIN, usual) : NULL;

	if (usual && translated == usual && name && dgettext(DOMAIN, name) != name)
		translated = dgettext(DOMAIN, name);
	if (!translated && name)
		translated = dgettext(DOMAIN, name);
	return translated ? strdup(translated) : NULL;
}

static void add(struct nt_region_names *names, const char *code, char *name)
{
	struct region *r = &names->at[names->n];

	snprintf(r->code, sizeof(r->code), "%.2s", code);
	r->name = name;
	names->n += name != NULL;
}

static int read_entries(struct nt_region_names *names, enum nt_lang lang, const json_t *list)
{
	names->at = calloc(json_array_size(list) + OWN, sizeof(*names->at));
	if (!names->at)
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *code = json_string_value(json_object_get(entry, "alpha_2"));

		if (code && strlen(code) == 2 && !own_name(code, lang))
			add(names, code, name_of(entry));
	}
	for (size_t i = 0; i < OWN && json_array_size(list); i++)
		if (own[i].name[lang])
			add(names, own[i].code, strdup(own[i].name[lang]));
	qsort(names->at, names->n, sizeof(*names->at), by_code);
	return 0;
}

/* Messages are those of LANGUAGE, but only where the locale is not C: C.UTF-8 is on every system. */
static int read_in(struct nt_region_names *names, enum nt_lang lang, const json_t *list)
{
	locale_t utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0), old = (locale_t)0;
	const char *language = getenv("LANGUAGE");
	char *kept = language ? strdup(language) : NULL;
	int err;

	bindtextdomain(DOMAIN, MESSAGES);
	bind_textdomain_codeset(DOMAIN, "UTF-8");
	setenv("LANGUAGE", nt_lang_code[lang], 1);
	if (utf8)
		old = uselocale(utf8);
	err = read_entries(names, lang, list);
	if (utf8) {
		uselocale(old);
		freelocale(utf8);
	}
	if (kept)
		setenv("LANGUAGE", kept, 1);
	else
		unsetenv("LANGUAGE");
	free(kept);
	return err;
}

struct nt_region_names *nt_region_names_new(enum nt_lang lang)
{
	struct nt_region_names *names = calloc(1, sizeof(*names));
	json_t *json = json_load_file(DATA, 0, NULL);
	int err = names ? 0 : -ENOMEM;

	if (!err)
		err = read_in(names, lang, json_object_get(json, "3166-1"));
	json_decref(json);
	if (!err)
		return names;
	nt_region_names_free(names);
	errno = -err;
	return NULL;
}

void nt_region_names_free(struct nt_region_names *names)
{
	for (size_t i = 0; names && i < names->n; i++)
		free(names->at[i].name);
	if (names)
		free(names->at);
	free(names);
}

static const struct region *find(const struct nt_region_names *names, const char *code)
{
	struct region wanted;

	if (strlen(code) != 2 || !names->n)
		return NULL;
	snprintf(wanted.code, sizeof(wanted.code), "%.2s", code);
	return bsearch(&wanted, names->at, names->n, sizeof(*names->at), by_code);
}

const char *nt_region_name(const struct nt_region_names *names, const char *code)
{
	const struct region *found = find(names, code);

	return found ? found->name : code;
}

bool nt_region_known(const struct nt_region_names *names, const char *code)
{
	return !names->n || find(names, code);
}
