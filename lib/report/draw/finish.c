/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/draw/drawing.h"
#include "report/xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From what gnuplot's svg terminal writes to a picture that can stand in a page. */

const char *const nt_fonts[NT_LANGS] = {
    [NT_LANG_EN] =
	"'Noto Sans','Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans','Noto Sans CJK JP','Noto Sans JP',"
	"IPAexGothic,IPAPGothic,IPAGothic,sans-serif",
    [NT_LANG_JA] = "'Noto Sans CJK JP','Noto Sans JP','Hiragino Sans','Hiragino Kaku Gothic ProN','Yu Gothic',Meiryo,"
		   "IPAexGothic,IPAPGothic,IPAGothic,'DejaVu Sans',sans-serif",
};

#define PLOT_ID "gnuplot_plot_"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* ---- pieces that are replaced: each returns how much of the input it took, 0 if it is something else ---- */

/* ~3~ */
static size_t finish_place(const struct nt_drawing *dr, const char *at, FILE *out)
{
	char *end;
	unsigned long place;

	if (at[0] != '~' || !isdigit((unsigned char)at[1]))
		return 0;
	place = strtoul(at + 1, &end, 10);
	if (*end != '~' || place >= dr->texts)
		return 0;
	nt_put_xml(dr->text[place], out);
	return (size_t)(end - at) + 1;
}

static void put_id(const struct nt_drawing *dr, FILE *out)
{
	nt_put_id(dr->item->id, out);
	fprintf(out, "-%s-", dr->form->name);
}

/* Ids are of this picture alone. */
static size_t finish_id(const struct nt_drawing *dr, const char *at, FILE *out)
{
	static const char *const before[] = {" id=\"", " id='", "href='#", "href=\"#"};

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (begins(at, before[i])) {
			fputs(before[i], out);
			put_id(dr, out);
			return strlen(before[i]);
		}
	return 0;
}

/* A plot's id, and its title, which is shown where a pointer is over it. */
static size_t finish_plot(const struct nt_drawing *dr, const char *at, FILE *out)
{
	static const char before[] = " id=\"" PLOT_ID, title[] = "<title>", after[] = "</title>";
	const char *end;
	unsigned long plot;

	if (!begins(at, before))
		return 0;
	plot = strtoul(at + strlen(before), NULL, 10);
	end = strchr(at, '>');
	if (!end || plot < 1 || plot > dr->plots)
		return 0;
	end++;
	if (begins(end, title) && strstr(end, after))
		end = strstr(end, after) + strlen(after);
	fputs(" id=\"", out);
	put_id(dr, out);
	fprintf(out, PLOT_ID "%lu\">%s", plot, title);
	nt_put_xml(dr->item->column[dr->plot[plot - 1]].title, out);
	fputs(after, out);
	return (size_t)(end - at);
}

/* Groups that hold nothing, which are half of what gnuplot writes. */
static size_t skip_empty(const char *at)
{
	const char *end;

	if (!begins(at, "<g fill="))
		return 0;
	end = strchr(at, '>');
	return end && begins(end, ">\n</g>\n") ? (size_t)(end - at) + strlen(">\n</g>\n") : 0;
}

static size_t finish_words(const char *at, FILE *out)
{
	static const struct {
		const char *from;
		const char *to;
	} row[] = {
	    {" font-family=\"NT\"", ""},
	    {"stroke-linejoin=\"miter\"", "stroke-linejoin=\"round\""},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (begins(at, row[i].from)) {
			fputs(row[i].to, out);
			return strlen(row[i].from);
		}
	return 0;
}

/* ---- all of it ---- */

static void put_sentences(const struct nt_doc_item *item, FILE *out)
{
	for (size_t i = 0; i < item->sentences; i++) {
		fputs(i ? " " : "", out);
		nt_put_xml(item->sentence[i], out);
	}
}

static void put_begin(const struct nt_drawing *dr, FILE *out)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
		"style=\"background:#fff\" viewBox=\"0 0 "
		"%d %.0f\" "
		"role=\"img\" font-family=\"%s\" aria-labelledby=\"",
		dr->form->width, dr->height, nt_fonts[dr->d->lang]);
	put_id(dr, out);
	fputs("title ", out);
	put_id(dr, out);
	fputs("desc\">\n<title id=\"", out);
	put_id(dr, out);
	fputs("title\">", out);
	nt_put_xml(dr->item->title, out);
	fputs("</title>\n<desc id=\"", out);
	put_id(dr, out);
	fputs("desc\">", out);
	put_sentences(dr->item, out);
	fputs("</desc>\n", out);
}

static void put_rest(const struct nt_drawing *dr, const char *at, const char *end, FILE *out)
{
	while (at < end) {
		size_t n = *at == '<' ? skip_empty(at) : 0;

		n = n ? n : finish_place(dr, at, out);
		n = n ? n : finish_plot(dr, at, out);
		n = n ? n : finish_id(dr, at, out);
		n = n ? n : finish_words(at, out);
		if (!n) {
			fputc(*at, out);
			n = 1;
		}
		at += n;
	}
}

int nt_drawing_finish(const struct nt_drawing *drawing, const char *raw, char **svg)
{
	const char *begin = strstr(raw, "<g id=\"gnuplot_canvas\""), *end = begin ? strstr(begin, "</svg>") : NULL;
	size_t size = 0;
	FILE *out;

	if (!end)
		return -EBADMSG;
	out = open_memstream(svg, &size);
	if (!out)
		return -ENOMEM;
	put_begin(drawing, out);
	put_rest(drawing, begin, end, out);
	fputs("</svg>\n", out);
	if (!fclose(out))
		return 0;
	free(*svg);
	return -ENOMEM;
}
