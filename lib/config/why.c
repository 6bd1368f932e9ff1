/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/why.h"

#include "base/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int nt_why(const struct nt_why *w, uint32_t line, const char *format, ...)
{
	char where[16] = "";
	va_list args;
	int n;

	if (!w->size)
		return -EINVAL;
	if (line)
		snprintf(where, sizeof(where), ":%u", line);
	n = snprintf(w->text, w->size, "%s%s: ", w->file, where);
	if (n >= 0 && (size_t)n < w->size) {
		va_start(args, format);
		vsnprintf(w->text + n, w->size - (size_t)n, format, args);
		va_end(args);
	}
	nt_printable(w->text);
	return -EINVAL;
}
