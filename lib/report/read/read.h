/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_READ_READ_H
#define NT_REPORT_READ_READ_H

#include "report/report.h"

#define NT_REPORT_WHY 320

/** Told of before each part of the reading; done < of. NULL: nobody wants to know. */
struct nt_report_progress {
	void (*tell)(void *cookie, unsigned int done, unsigned int of, const char *what);
	void *cookie;
};

/**
 * Reads all that the report holds. One thread. Returns 0, -ENODATA if the sensors have nothing of the period, -ENOENT
 * if there are no such sensors, -EINVAL if their days begin at different times, or a failure of redis/get.h; `why` says
 * it in one line, and *out is then undone. What `wanted` points to must outlive the report.
 */
int nt_report_read(struct nt_get *g, const struct nt_report_wanted *wanted, const struct nt_report_progress *progress,
		   struct nt_report *out, char why[static NT_REPORT_WHY]);

#endif
