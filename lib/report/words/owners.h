/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WORDS_OWNERS_H
#define NT_REPORT_WORDS_OWNERS_H

#include "report/words/labels.h"
#include "report/words/names.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Whose an address is: what the labels say, else the organisation of its AS. Under pseudonyms organisations are called
 * after their category, and by letters in the order in which they are met: bank A, bank B, portal A.
 */

struct nt_owners;

#define NT_OWNER_TEXT 192

/** Labels may be NULL. Returns NULL with errno set. */
struct nt_owners *nt_owners_new(const struct nt_labels *labels, bool pseudonyms, enum nt_lang lang);
void nt_owners_free(struct nt_owners *o);

bool nt_owners_pseudonyms(const struct nt_owners *o);

/** Writes who owns an address; org is that of its AS, NULL if it is not known. Returns false, and writes "", if nobody
 * could be found. One thread: the first call with an organisation gives it its letter. */
bool nt_owner_text(struct nt_owners *o, const char *address, const char *org, char text[static NT_OWNER_TEXT]);

#endif
