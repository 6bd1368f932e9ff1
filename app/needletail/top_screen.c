/* SPDX-License-Identifier: BSD-3-Clause */
#include "top_screen.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

#undef columns /* term.h's */

static SCREEN *screen; /* NULL: not taken over */

/* Legible without colours: what matters differs in other ways, too. */
static attr_t attribute[TOP_STYLES] = {
    [TOP_TITLE] = A_REVERSE,
    [TOP_HEADING] = A_BOLD,
    [TOP_ALARM] = A_BOLD | A_REVERSE,
};

static void choose_colours(void)
{
	static const short colour[TOP_STYLES] = {
	    [TOP_HEADING] = COLOR_CYAN,
	    [TOP_GOOD] = COLOR_GREEN,
	    [TOP_LINE] = COLOR_GREEN,
	    [TOP_ALARM] = COLOR_RED,
	};

	attribute[TOP_FAINT] = A_DIM;
	if (!has_colors() || start_color() == ERR || use_default_colors() == ERR)
		return;
	for (short i = 0; i < TOP_STYLES; i++) {
		if (!colour[i])
			continue;
		init_pair((short)(i + 1), colour[i], -1);
		attribute[i] |= COLOR_PAIR(i + 1);
	}
}

/* newterm() finds an unknown terminal out, too, but does not free what it has begun; and it takes "dumb", which can
 * only write on, so that a page there is a heap of lines. NULL: it serves. */
static const char *why_no_screen(void)
{
	const char *why = NULL;
	int found;

	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return "this terminal is not known: set TERM, or see --once";
	if (!cursor_address || !clear_screen)
		why = "this terminal has no screen to draw on: set TERM, or see --once";
	del_curterm(cur_term);
	return why;
}

int top_screen_open(const char **why)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		*why = "this is no terminal: see --once";
		return -ENOTTY;
	}
	*why = why_no_screen();
	if (*why)
		return -ENOTTY;
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		*why = "the terminal cannot be taken over: see --once";
		return -ENOTTY;
	}
	set_term(screen);
	choose_colours();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	return 0;
}

void top_screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

void top_screen_size(int *rows, int *columns)
{
	getmaxyx(stdscr, *rows, *columns);
}

void top_screen_draw(const struct top_canvas *c)
{
	erase();
	for (int row = 0; row < c->rows; row++)
		for (int column = 0; column < c->columns; column++) {
			const struct top_cell *cell = &c->cell[row * c->columns + column];

			attrset(attribute[cell->style]);
			if (cell->text[0] && (cell->text[0] != ' ' || cell->style))
				mvaddstr(row, column, cell->text);
		}
	attrset(A_NORMAL);
	refresh();
}

static bool is_gone(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

enum top_key top_screen_key(int timeout_ms, int *character)
{
	timeout(timeout_ms);
	*character = getch();
	switch (*character) {
	case ERR:
		return is_gone() ? TOP_KEY_GONE : TOP_KEY_NONE;
	case KEY_RESIZE:
		return TOP_KEY_RESIZE;
	case KEY_RIGHT:
	case KEY_DOWN:
	case '\t':
	case 'n':
		return TOP_KEY_NEXT;
	case KEY_LEFT:
	case KEY_UP:
	case KEY_BTAB:
	case 'p':
		return TOP_KEY_PREVIOUS;
	default:
		return TOP_KEY_OTHER;
	}
}
