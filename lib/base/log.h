/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_BASE_LOG_H
#define NT_BASE_LOG_H

#include <stddef.h>

/*
 * The log front. Libraries say what happened; where it goes is the program's choice. One line a call, without
 * "needletail: " and without a newline. Control characters that came in with the arguments are printed as '?',
 * and so is what is no UTF-8 (printable.h): nothing from outside can forge a line, move a cursor or command a terminal.
 */

enum nt_log_level { NT_LOG_ERROR, NT_LOG_WARNING, NT_LOG_INFO, NT_LOG_DEBUG };

typedef void nt_log_sink(enum nt_log_level level, const char *line);

/** Chooses where lines go; NULL discards them. Default: stderr, INFO and above. Call before threads start. */
void nt_log_set_sink(nt_log_sink *sink);

/** The default sink: "needletail: LINE" on stderr. */
void nt_log_stderr(enum nt_log_level level, const char *line);

/** Says one line. Any thread but a worker: it takes a lock and calls the system. */
void nt_log(enum nt_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define nt_error(...)	nt_log(NT_LOG_ERROR, __VA_ARGS__)
#define nt_warning(...) nt_log(NT_LOG_WARNING, __VA_ARGS__)
#define nt_info(...)	nt_log(NT_LOG_INFO, __VA_ARGS__)

#endif
