/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_COMPOSE_COMPOSE_H
#define NT_REPORT_COMPOSE_COMPOSE_H

#include "report/document.h"
#include "report/report.h"
#include "report/words/owners.h"

/** In which words. */
struct nt_report_style {
	enum nt_lang lang;
	const struct nt_region_names *regions;
	struct nt_owners *owners;
};

/** Looks at the report's lines and puts everything into tables and sentences. Main thread. Returns 0 or -ENOMEM, and
 * *out is then undone. */
int nt_report_compose(const struct nt_report *r, const struct nt_report_style *style, struct nt_document *out);

#endif
