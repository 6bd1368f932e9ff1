/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_TOP_SCREEN_H
#define NEEDLETAIL_TOP_SCREEN_H

#include "top_canvas.h"

/* The terminal: the only place that knows curses. One at a time. */

enum top_key { TOP_KEY_NONE, TOP_KEY_GONE, TOP_KEY_RESIZE, TOP_KEY_NEXT, TOP_KEY_PREVIOUS, TOP_KEY_OTHER };

/** Takes the terminal over. Returns 0, or -ENOTTY without one, or one that cannot place a cursor; *why is then static.
 */
int top_screen_open(const char **why);

/** Gives it back as it was; harmless if it was not taken. */
void top_screen_close(void);

void top_screen_size(int *rows, int *columns);
void top_screen_draw(const struct top_canvas *c);

/** Waits for a key, for so long. Returns a key of the enum, and for OTHER what it is in *character; GONE: there is no
 * terminal any more. A signal ends the waiting. */
enum top_key top_screen_key(int timeout_ms, int *character);

#endif
