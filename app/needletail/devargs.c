/* SPDX-License-Identifier: BSD-3-Clause */
#include "devargs.h"

#include <stdio.h>
#include <string.h>

bool devargs_virtual(const char *device)
{
	static const char *const prefix[] = {"net_", "eth_", "virtio_user"};

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (!strncmp(device, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

/* Behind the bus of "bus:device"; PCI addresses hold colons, but begin with a hexadecimal number. */
static const char *behind_bus(const char *device)
{
	size_t length = strcspn(device, ":,");

	if (device[length] != ':' || strspn(device, "0123456789abcdefABCDEF") == length)
		return device;
	return device + length + 1;
}

bool devargs_pci(const char *device)
{
	return !devargs_virtual(device) && (behind_bus(device) == device || !strncmp(device, "pci:", 4));
}

void devargs_name(const char *device, char *name, size_t size)
{
	const char *begin = devargs_virtual(device) ? device : behind_bus(device);

	snprintf(name, size, "%.*s", (int)strcspn(begin, ","), begin);
}

bool devargs_value(const char *device, const char *key, uint32_t n, char *value, size_t size)
{
	size_t key_length = strlen(key);

	for (const char *at = strchr(device, ','); at; at = strchr(at + 1, ',')) {
		const char *text = at + 1 + key_length + 1;

		if (strncmp(at + 1, key, key_length) || at[1 + key_length] != '=' || n--)
			continue;
		return (size_t)snprintf(value, size, "%.*s", (int)strcspn(text, ","), text) < size;
	}
	return false;
}
