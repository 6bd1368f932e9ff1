/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WORDS_LABELS_H
#define NT_REPORT_WORDS_LABELS_H

#include "needletail/snapshot.h"

/*
 * What the operator knows of addresses: a file of comma-separated values in UTF-8 with the columns network,
 * organisation, category; the last may be missing. A first line that begins with "network" is a head; one with '#', a
 * comment. A text with a comma stands in double quotes. The longest prefix that covers an address counts.
 */

struct nt_labels;

#define NT_LABEL_TEXT 128
#define NT_LABELS_WHY 320

struct nt_label {
	char category[NT_LABEL_TEXT]; /**< "": none */
	char org[NT_LABEL_TEXT];
};

/** Reads the file. Returns NULL with errno set and one line in `why`: "FILE:LINE: reason". */
struct nt_labels *nt_labels_load(const char *path, char why[static NT_LABELS_WHY]);
void nt_labels_free(struct nt_labels *l);

/** Of an address as text; NULL: there is none, or `l` is NULL. Any thread. */
const struct nt_label *nt_labels_find(const struct nt_labels *l, const char *address);

#endif
