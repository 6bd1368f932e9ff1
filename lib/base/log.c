/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include "base/printable.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_MAX_BYTES 1024

static nt_log_sink *log_sink = nt_log_stderr;

void nt_log_set_sink(nt_log_sink *sink)
{
	log_sink = sink;
}

void nt_log_stderr(enum nt_log_level level, const char *line)
{
	if (level == NT_LOG_DEBUG)
		return;
	fprintf(stderr, "needletail: %s%s\n", level == NT_LOG_WARNING ? "warning: " : "", line);
}

void nt_log(enum nt_log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	if (!log_sink)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	nt_printable(line);
	log_sink(level, line);
}
