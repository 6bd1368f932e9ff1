/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include "config/keys.h"

#include <errno.h>
#include <string.h>

/* Columns of one level. */
#define INDENT 2

static const char preamble[] =
    "# Configuration of needletail: every key, as YAML, with its unit, range and default. A key that is left out\n"
    "# has its default. `needletail check -c FILE` says what is wrong with a file, or with the machine for it.\n";

/* Elements of a key's path before its last. */
static int depth(int row)
{
	int n = 0;

	for (const char *c = nt_key[row].path; *c; c++)
		n += *c == '.';
	return n;
}

/* Writes the lines of a help text as a comment; `label` goes before them. */
static void write_help(int row, int indent, const char *label, FILE *out)
{
	const char *line = nt_key[row].help;

	while (line) {
		const char *end = strchr(line, '\n');
		int length = end ? (int)(end - line) : (int)strlen(line);

		fprintf(out, "%*s# %s%.*s\n", indent, "", line == nt_key[row].help ? label : "  ", length, line);
		line = end ? end + 1 : NULL;
	}
}

/* Explains the keys of a list's items ahead of them, so that they stay easy to read and to copy. */
static void explain_items(int list, FILE *out)
{
	for (int i = 0; i < nt_keys; i++) {
		char label[NT_KEY_PATH];

		if (nt_key_list(i) != list)
			continue;
		snprintf(label, sizeof(label), "%s: ", nt_key_leaf(i));
		write_help(i, INDENT, label, out);
		fprintf(out, "%*s#   ", INDENT, "");
		nt_key_write_range(i, out);
		fputc('\n', out);
	}
}

/* Writes one item of a list; without one the example, commented out so that taking away '#' is enough. */
static void write_item(int list, const void *item, FILE *out)
{
	const char *bullet = "- ";

	for (int i = 0; i < nt_keys; i++) {
		if (nt_key_list(i) != list)
			continue;
		fprintf(out, "%s%*s%s%s: ", item ? "" : "#", INDENT, "", bullet, nt_key_leaf(i));
		if (item)
			nt_key_write(i, item, out);
		else
			fputs(nt_key[i].example ? nt_key[i].example : nt_key[i].value, out);
		fputc('\n', out);
		bullet = "  ";
	}
}

/* A list that has items by default shows none when it is empty: they would look like those that are in use. */
static void write_items(const struct nt_config *c, int list, FILE *out)
{
	uint32_t n = nt_key_count(list, c);

	fputs(n || !nt_key[list].item ? "\n" : " []\n", out);
	explain_items(list, out);
	for (uint32_t i = 0; i < n; i++)
		write_item(list, nt_key_item(list, c, i), out);
	if (!n && !nt_key[list].item)
		write_item(list, NULL, out);
}

static void write_key(const struct nt_config *c, int row, FILE *out)
{
	int indent = depth(row) * INDENT;
	bool scalar = nt_key[row].value != NULL;

	fputs(indent && scalar ? "" : "\n", out);
	write_help(row, indent, "", out);
	if (scalar) {
		fprintf(out, "%*s# ", indent, "");
		nt_key_write_range(row, out);
		fputc('\n', out);
	}
	fprintf(out, "%*s%s:%s", indent, "", nt_key_leaf(row), scalar ? " " : "");
	nt_key_write(row, c, out);
	if (nt_key[row].type == NT_KEY_LIST)
		write_items(c, row, out);
	else
		fputc('\n', out);
}

int nt_config_print(const struct nt_config *c, FILE *out)
{
	fputs(preamble, out);
	for (int i = 0; i < nt_keys; i++)
		if (nt_key_list(i) == NT_KEY_NONE)
			write_key(c, i, out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
