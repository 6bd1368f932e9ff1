/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/words/names.h"

#include "base/parse.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

void nt_service_name(const char *port, char text[static NT_SERVICE_TEXT])
{
	struct servent entry, *found = NULL;
	const char *slash = strchr(port, '/');
	char digits[8], room[1024];
	uint64_t number;

	text[0] = '\0';
	if (!slash || slash - port >= (ptrdiff_t)sizeof(digits))
		return;
	snprintf(digits, sizeof(digits), "%.*s", (int)(slash - port), port);
	if (nt_parse_u64(digits, 0, UINT16_MAX, &number))
		return;
	if (!getservbyport_r(htons((uint16_t)number), slash + 1, &entry, room, sizeof(room), &found) && found)
		snprintf(text, NT_SERVICE_TEXT, "%s", found->s_name);
}
