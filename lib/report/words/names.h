/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WORDS_NAMES_H
#define NT_REPORT_WORDS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum nt_lang { NT_LANG_EN, NT_LANG_JA, NT_LANGS };

/** "en", "ja". */
extern const char *const nt_lang_code[NT_LANGS];

/* ---- regions ---- */

/** Names of regions in a language, from the system's ISO 3166-1 data (package iso-codes), and some of our own. */
struct nt_region_names;

/** Sets the language of the process's messages while it reads. Main thread. Without the data every name is the region's
 * code. Returns NULL with errno set. */
struct nt_region_names *nt_region_names_new(enum nt_lang lang);
void nt_region_names_free(struct nt_region_names *names);

/** Name of a code; the code itself if it has none. Any thread. */
const char *nt_region_name(const struct nt_region_names *names, const char *code);

/** True for a code that has a name, and for any where the system has no names. Any thread. */
bool nt_region_known(const struct nt_region_names *names, const char *code);

/* ---- services ---- */

#define NT_SERVICE_TEXT 64

/** Name of a port such as "445/tcp" in the system's services database; "" if it has none. Any thread. */
void nt_service_name(const char *port, char text[static NT_SERVICE_TEXT]);

#endif
