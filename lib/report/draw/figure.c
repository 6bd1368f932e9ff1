/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/draw/figure.h"

#include "report/draw/drawing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int run(const struct nt_drawing *drawing, const char *program, int limit_s, char **svg,
	       char why[static NT_CHILD_WHY])
{
	char path[PATH_MAX];
	const char *const argv[] = {program, "--default-settings", "-", NULL};
	const char *const environment[] = {"LC_ALL=C", path, NULL}; /* settings of a user change nothing */
	const struct nt_child child = {.program = program,
				       .argv = argv,
				       .environment = environment,
				       .input = drawing->script,
				       .input_size = drawing->size,
				       .limit_s = limit_s};
	struct nt_child_output made;
	int err;

	snprintf(path, sizeof(path), "PATH=%.4000s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
	err = nt_child_run(&child, &made, why);
	if (!err) {
		err = nt_drawing_finish(drawing, made.text, svg);
		if (err)
			snprintf(why, NT_CHILD_WHY, "%s",
				 err == -EBADMSG ? "gnuplot made no picture; has it a terminal svg?" : strerror(-err));
	}
	free(made.text);
	return err;
}

static int draw(const struct nt_document *d, const struct nt_doc_item *item, const struct nt_palette *palette,
		const struct nt_drawing_form *form, const char *program, int limit_s, char **svg,
		char why[static NT_CHILD_WHY])
{
	struct nt_drawing drawing;
	int err = nt_drawing_init(&drawing, d, item, palette, form);

	if (err == -ENODATA)
		return 0;
	if (err) {
		snprintf(why, NT_CHILD_WHY, "%s", strerror(-err));
		return err;
	}
	err = run(&drawing, program, limit_s, svg, why);
	nt_drawing_fini(&drawing);
	return err;
}

int nt_figures_draw(struct nt_figures *figures, const struct nt_document *d, const char *program, int limit_s,
		    char why[static NT_CHILD_WHY])
{
	struct nt_palette *palette = nt_palette_new(d);
	int err = 0;

	*figures = (struct nt_figures){.at = calloc(d->items + 1, sizeof(*figures->at)), .n = d->items};
	if (!palette || !figures->at) {
		err = -ENOMEM;
		snprintf(why, NT_CHILD_WHY, "%s", strerror(-err));
	}
	for (size_t i = 0; i < d->items && !err; i++) {
		struct nt_figure *f = &figures->at[i];

		if (d->item[i].form != NT_DOC_FIGURE)
			continue;
		err = draw(d, &d->item[i], palette, &nt_drawing_wide, program, limit_s, &f->wide, why);
		if (!err)
			err = draw(d, &d->item[i], palette, &nt_drawing_narrow, program, limit_s, &f->narrow, why);
	}
	nt_palette_free(palette);
	if (err)
		nt_figures_fini(figures);
	return err;
}

void nt_figures_fini(struct nt_figures *figures)
{
	for (size_t i = 0; i < figures->n && figures->at; i++) {
		free(figures->at[i].wide);
		free(figures->at[i].narrow);
	}
	free(figures->at);
	*figures = (struct nt_figures){.at = NULL};
}

int nt_write_svg(const struct nt_figure *figure, FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
	fputs(figure->wide, out);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
