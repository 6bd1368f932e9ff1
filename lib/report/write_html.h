/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_WRITE_HTML_H
#define NT_REPORT_WRITE_HTML_H

/** The page's style sheet: write_html_style.c. */
extern const char nt_html_style[];

#endif
