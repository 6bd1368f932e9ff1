/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_REDIS_URL_H
#define NT_REDIS_URL_H

#include <stdint.h>

/*
 * Where a Redis server listens, as a user writes it:
 *
 *   redis://[user[:password]@]host[:port][/db]     an IPv6 host in brackets; default port 6379, database 0
 *   unix://[user[:password]@]/path[?db=N]
 *
 * User, password, host and path are percent-decoded (RFC 3986, section 2.1). A password without a user is
 * `redis://:secret@host`, a user of a socket `unix://user@/path`.
 */

#define NT_REDIS_PORT 6379u

/** The parts of a URL, decoded and NUL-terminated; a part that is not there is "". */
struct nt_redis_url {
	char host[256]; /**< a DNS name is at most 253 bytes long; "" if `path` is set */
	uint16_t port;	/**< host byte order */
	char path[108]; /**< unix socket, absolute; as long as sun_path (unix(7)); "" for TCP */
	char user[128];
	char password[1024];
	uint32_t db;
};

/** Longest text of nt_redis_url_text(), with its NUL. */
#define NT_REDIS_URL_TEXT 320

/**
 * Reads a URL. Any thread; nothing is resolved or opened.
 * Returns 0, or -EINVAL with *why a static text without the URL (it may hold a password); *out is then undefined.
 */
int nt_redis_url_parse(const char *text, struct nt_redis_url *out, const char **why);

/** Writes the URL without user and password, fit for a log line. Any thread. */
void nt_redis_url_text(const struct nt_redis_url *url, char text[static NT_REDIS_URL_TEXT]);

#endif
