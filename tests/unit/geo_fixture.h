/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_TEST_GEO_FIXTURE_H
#define NT_TEST_GEO_FIXTURE_H

#include "geo/geo.h"
#include "mmdb_writer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One database file in a directory of its own, written anew by every test. */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static char directory[] = "/tmp/needletail-geo-XXXXXX";
static char file[64];
static char why[NT_GEO_WHY];

/* MMDB_open() 1.7.1 does not free all that it has when it finds broken metadata. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:MMDB_open\nleak:libmaxminddb";
}

static inline int geo_fixture_start(void)
{
	if (!mkdtemp(directory))
		return -1;
	snprintf(file, sizeof(file), "%s/test.mmdb", directory);
	return 0;
}

static inline int geo_fixture_stop(void)
{
	unlink(file);
	return rmdir(directory);
}

static inline void save(const struct mmdb_writer *w)
{
	struct mmdb_bytes b = mmdb_encode(w);

	mmdb_save(&b, file);
	free(b.data);
}

/** nt_geo_check() of the file; what it complains about is in `why`. Loading into ordinary memory is to agree. */
static inline int check(const char *country_path)
{
	struct nt_geo_options o = {.path = file, .country_path = country_path};
	char loading[NT_GEO_WHY] = "";
	struct nt_geo geo;
	int rc, loaded;

	memset(why, 0, sizeof(why));
	rc = nt_geo_check(&o, NULL, why);
	o.ordinary_memory = true;
	loaded = nt_geo_load(&o, &geo, loading);
	if (loaded != rc || !loaded != !!geo.locate) {
		fprintf(stderr, "checked: %d %s, loaded: %d %s\n", rc, why, loaded, loading);
		abort();
	}
	nt_geo_unload(&geo);
	return rc;
}

/** {"country": {"iso_code": CODE}} */
static inline uint64_t country(struct mmdb_writer *w, const char *iso_code)
{
	uint32_t offset = (uint32_t)w->data.size;

	mmdb_map(&w->data, 1);
	mmdb_string(&w->data, "country");
	mmdb_map(&w->data, 1);
	mmdb_string(&w->data, "iso_code");
	mmdb_string(&w->data, iso_code);
	return MMDB_DATA(offset);
}

#endif
