/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WRITE_MISP_H
#define NT_REPORT_WRITE_MISP_H

#include "report/compose/compose.h"

#include <stdio.h>

/**
 * Writes the attacks of the period (events of type `dos`) as one event of MISP, with an object `ddos` for each: what
 * its import and POST /events/add take. Of a report, and of the document that was made of it, which says what the
 * numbers are made of. UUIDs are those of what is told, so that it is the same event however often it is written; what
 * it says is not for readers who are to see pseudonyms. Main thread. Returns 0, -ENOMEM, -EIO without SHA-1, or the
 * failure of writing.
 *
 * MISP core format: draft-dulaunoy-misp-core-format. Object template: github.com/MISP/misp-objects, objects/ddos.
 */
int nt_write_misp(const struct nt_report *r, const struct nt_report_style *style, const struct nt_document *d,
		  FILE *out);

#endif
