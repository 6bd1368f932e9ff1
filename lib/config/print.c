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

/* Explains the keys of a device ahead of the items, so that the items stay easy to read and to copy. */
static void explain_devices(FILE *out)
{
	for (int i = 0; i < nt_keys; i++) {
		char label[NT_KEY_PATH];

		if (!nt_key_in_device(i))
			continue;
		snprintf(label, sizeof(label), "%s: ", nt_key_leaf(i));
		write_help(i, INDENT, label, out);
		fprintf(out, "%*s#   ", INDENT, "");
		nt_key_write_range(i, out);
		fputc('\n', out);
	}
}

/* Writes one item of `devices`; without a device the example, commented out so that taking away '#' is enough. */
static void write_device(const struct nt_config_device *d, FILE *out)
{
	const char *bullet = "- ";

	for (int i = 0; i < nt_keys; i++) {
		if (!nt_key_in_device(i))
			continue;
		fprintf(out, "%s%*s%s%s: ", d ? "" : "#", INDENT, "", bullet, nt_key_leaf(i));
		if (d)
			nt_key_write(i, d, out);
		else
			fputs(nt_key[i].example ? nt_key[i].example : nt_key[i].value, out);
		fputc('\n', out);
		bullet = "  ";
	}
}

static void write_devices(const struct nt_config *c, FILE *out)
{
	explain_devices(out);
	for (uint32_t i = 0; i < c->n_devices; i++)
		write_device(&c->device[i], out);
	if (!c->n_devices)
		write_device(NULL, out);
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
	fputc('\n', out);
	if (nt_key[row].type == NT_KEY_LIST)
		write_devices(c, out);
}

int nt_config_print(const struct nt_config *c, FILE *out)
{
	fputs(preamble, out);
	for (int i = 0; i < nt_keys; i++)
		if (!nt_key_in_device(i))
			write_key(c, i, out);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
