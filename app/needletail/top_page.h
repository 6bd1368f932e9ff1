/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_TOP_PAGE_H
#define NEEDLETAIL_TOP_PAGE_H

#include "top_canvas.h"
#include "top_data.h"

/* What stands where on the page of `needletail top`. */

/** The smallest page that has room for it. */
#define TOP_ROWS_MIN	24
#define TOP_COLUMNS_MIN 80

struct top_view {
	int64_t now_s;	     /**< Unix seconds */
	bool by_sources;     /**< tables show who has most sources first, where that is known */
	bool help;	     /**< instead of the rest */
	bool keys;	     /**< the last row tells of the keys */
	const char *trouble; /**< why the data are old; NULL: they are not */
	const char *where;   /**< the server */
};

/** Fills a page. Without data: says that there are none. */
void top_page(struct top_canvas *c, const struct top_data *data, const struct top_view *view);

#endif
