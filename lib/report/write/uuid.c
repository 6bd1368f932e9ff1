/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/write/uuid.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The only includer of OpenSSL. */

static bool hash(const uint8_t space[static 16], const char *name, unsigned char digest[static EVP_MAX_MD_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) && EVP_DigestUpdate(context, space, 16) &&
		    EVP_DigestUpdate(context, name, strlen(name)) && EVP_DigestFinal_ex(context, digest, NULL);

	EVP_MD_CTX_free(context);
	return done;
}

int nt_uuid_of_name(const uint8_t space[static 16], const char *name, char text[static NT_UUID_TEXT])
{
	unsigned char d[EVP_MAX_MD_SIZE];

	if (!hash(space, name, d))
		return -EIO;
	d[6] = (unsigned char)((d[6] & 0x0f) | 0x50); /* version 5 */
	d[8] = (unsigned char)((d[8] & 0x3f) | 0x80); /* this variant */
	snprintf(text, NT_UUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", d[0], d[1],
		 d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9], d[10], d[11], d[12], d[13], d[14], d[15]);
	return 0;
}
