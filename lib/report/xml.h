/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REPORT_XML_H
#define NT_REPORT_XML_H

#include <stdio.h>

/** Writes a text so that it means itself in HTML and XML, between tags and in attributes; a '?' for each byte of what
 * is no character there (controls, noncharacters, no UTF-8). Any thread. */
void nt_put_xml(const char *text, FILE *out);

/** Writes a text as what an id may be: letters, digits, '-' and '_'. */
void nt_put_id(const char *text, FILE *out);

/** Writes a text as a string of CSS, with its quotes. */
void nt_put_css(const char *text, FILE *out);

#endif
