/* SPDX-License-Identifier: BSD-3-Clause */
#include "databases.h"

#include "base/log.h"

int databases_load(const struct nt_config_geo *config, enum databases_memory memory, struct databases *d,
		   char why[static NT_GEO_WHY])
{
	const struct nt_geo_options country = {
	    .path = config->country,
	    .country_path = *config->country_path ? config->country_path : NULL,
	    .ordinary_memory = memory == DATABASES_ORDINARY,
	    .numa_socket = -1,
	};
	int err = 0;

	*d = (struct databases){0};
	if (*config->asn)
		err = nt_asn_open(config->asn, &d->asn, why);
	if (!err && *config->country)
		err = nt_geo_load(&country, &d->geo, why);
	if (err)
		databases_free(d);
	return err;
}

int databases_open(const struct nt_config_geo *config, enum databases_memory memory, struct databases *d)
{
	char why[NT_GEO_WHY];
	int err = databases_load(config, memory, d, why);

	if (err)
		nt_error("%s", why);
	else if (d->geo.locate && !d->geo.info.regions)
		nt_warning("%s: no country in it (%s): every region will be --", config->country,
			   d->geo.info.database_type);
	return err;
}

void databases_free(struct databases *d)
{
	nt_geo_unload(&d->geo);
	nt_asn_close(d->asn);
	*d = (struct databases){0};
}
