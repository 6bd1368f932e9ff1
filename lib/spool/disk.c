/* SPDX-License-Identifier: BSD-3-Clause */
#include "spool/disk.h"

#include "base/log.h"
#include "spool/file.h"
#include "spool/whose.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Snapshots are tens of kilobytes to megabytes: few pages each, and a small change still costs little. */
#define PAGE 8192
/* The log is emptied into the file when it is larger than this after a transaction, and cut back to it. */
#define LOG_PAGES 512
#define LOG_BYTES (LOG_PAGES * PAGE)
/* Bounds below this hold next to nothing. */
#define PAGES_MIN 64
/* Free pages are given back to the file system once they are more than this and a quarter of the file, that many at
 * a time. */
#define VACUUM_PAGES 512

#define VERSION 1

struct disk {
	sqlite3 *db;
	char *path;
	dev_t device;
	ino_t inode;
	enum spool_whose whose;
	char why[256];
};

static const char schema[] = "PRAGMA application_id=1314149200;"
			     "PRAGMA user_version=1;"
			     "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
			     "CREATE TABLE sink (name TEXT PRIMARY KEY, applied INTEGER, note BLOB) WITHOUT ROWID;"
			     "CREATE TABLE run (kind TEXT, first INTEGER, last INTEGER);"
			     "CREATE TABLE entry (sequence INTEGER PRIMARY KEY, length INTEGER, reduced INTEGER,"
			     " applied INTEGER);"
			     "CREATE TABLE body (sequence INTEGER PRIMARY KEY, bytes BLOB);";

static const char *const sink_name[NT_SINKS] = {[NT_SINK_LINES] = "lines", [NT_SINK_REDIS] = "redis"};

/* ---- errors ---- */

static int system_error(sqlite3 *db)
{
	int err = sqlite3_system_errno(db);

	return err ? -err : -EIO;
}

static int translate(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return rc == SQLITE_READONLY_DBMOVED ? -ENOENT : -EROFS;
	case SQLITE_TOOBIG:
		return -EMSGSIZE;
	case SQLITE_CANTOPEN:
		return system_error(db);
	case SQLITE_IOERR:
		return rc == SQLITE_IOERR_SHORT_READ ? -EUCLEAN : system_error(db);
	default:
		/* CORRUPT and NOTADB; and tables that are not there, or not ours, are no better */
		return -EUCLEAN;
	}
}

/* Remembers why, ends the transaction if there is one. */
static int failed(struct disk *d, int rc)
{
	int err = translate(d->db, rc);

	if (err == -ENOSPC || err == -EROFS || err == -EBUSY)
		snprintf(d->why, sizeof(d->why), "%s", err == -EBUSY ? "in use by another process" : strerror(-err));
	else
		snprintf(d->why, sizeof(d->why), "%s (%s)", sqlite3_errmsg(d->db), strerror(-err));
	if (d->db && !sqlite3_get_autocommit(d->db))
		sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static int execute(struct disk *d, const char *sql)
{
	int rc = sqlite3_exec(d->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : failed(d, rc);
}

/* Runs a statement that gives no rows, and ends it. */
static int finish(struct disk *d, sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement);

	sqlite3_finalize(statement);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : failed(d, rc);
}

static int prepare(struct disk *d, const char *sql, sqlite3_stmt **statement)
{
	int rc = sqlite3_prepare_v2(d->db, sql, -1, statement, NULL);

	return rc == SQLITE_OK ? 0 : failed(d, rc);
}

/* The first number of the first row. */
static int read_number(struct disk *d, const char *sql, int64_t *value)
{
	sqlite3_stmt *statement;
	int err = prepare(d, sql, &statement), rc;

	if (err)
		return err;
	rc = sqlite3_step(statement);
	*value = rc == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : failed(d, rc);
}

const char *disk_why(const struct disk *d)
{
	return d->why;
}

/* ---- opening ---- */

static uint64_t pages_of(uint64_t max_bytes)
{
	uint64_t pages = max_bytes / PAGE;

	return pages < PAGES_MIN ? PAGES_MIN : pages > INT32_MAX ? INT32_MAX : pages;
}

static int set_up(struct disk *d, uint64_t max_bytes)
{
	char sql[512];

	/* Debian's SQLite overwrites what is deleted, which would double the writing. */
	snprintf(sql, sizeof(sql),
		 "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=%d; PRAGMA auto_vacuum=INCREMENTAL;"
		 "PRAGMA secure_delete=OFF; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF;"
		 "PRAGMA temp_store=MEMORY; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		 "PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d; PRAGMA max_page_count=%llu;",
		 PAGE, LOG_PAGES, LOG_BYTES, (unsigned long long)pages_of(max_bytes));
	return execute(d, sql);
}

static int check_sensor(struct disk *d, const char *sensor)
{
	sqlite3_stmt *statement;
	int err = prepare(d, "SELECT value FROM meta WHERE key = 'sensor'", &statement), rc;
	const char *found;

	if (err)
		return err;
	rc = sqlite3_step(statement);
	found = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (found)
		err = strcmp(found, sensor) ? -EEXIST : 0;
	sqlite3_finalize(statement);
	if (found)
		return err;
	snprintf(d->why, sizeof(d->why), "it does not say whose it is");
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? -EUCLEAN : failed(d, rc);
}

/* Is it a spool, and of this sensor? An empty file becomes one. */
static int identify(struct disk *d, const char *sensor, bool *fresh)
{
	int64_t application = 0, version = 0, tables = 0;
	sqlite3_stmt *statement;
	int err = execute(d, "BEGIN IMMEDIATE");

	if (!err)
		err = read_number(d, "PRAGMA application_id", &application);
	if (!err)
		err = read_number(d, "PRAGMA user_version", &version);
	if (!err)
		err = read_number(d, "SELECT count(*) FROM sqlite_master", &tables);
	if (err)
		return err;
	*fresh = !tables && !application;
	if (!*fresh && application != SPOOL_APPLICATION && d->whose == SPOOL_UNDECIDED) {
		d->whose = SPOOL_FOREIGN;
		return -EMEDIUMTYPE;
	}
	if (!*fresh && (application != SPOOL_APPLICATION || version != VERSION)) {
		snprintf(d->why, sizeof(d->why), "not a spool of a version that is known");
		return -EUCLEAN;
	}
	if (*fresh) {
		err = execute(d, schema);
		if (!err)
			err = prepare(d, "INSERT INTO meta VALUES ('sensor', ?)", &statement);
		if (err)
			return err;
		sqlite3_bind_text(statement, 1, sensor, -1, SQLITE_STATIC);
		err = finish(d, statement);
	} else {
		err = check_sensor(d, sensor);
	}
	return err ? err : execute(d, "COMMIT");
}

static void read_raw(void *context, uint8_t *bytes, size_t n, uint64_t at)
{
	sqlite3_file *file = context;
	int rc = file->pMethods->xRead(file, bytes, (int)n, (sqlite3_int64)at);

	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		memset(bytes, 0, n); /* a disk that cannot be read is for SQLite to complain of */
}

/* Through SQLite's own descriptor, which has read nothing so far: see spool_file_find(). */
static enum spool_whose whose_file(sqlite3 *db, const char *path, off_t size)
{
	struct spool_bytes bytes = {.size = (uint64_t)size, .read = read_raw};
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file || !file->pMethods)
		return SPOOL_OURS;
	bytes.context = file;
	return spool_whose(&bytes, path);
}

static int open_file(struct disk *d, const struct disk_options *options, bool *fresh)
{
	struct stat status;
	int rc, err = spool_file_find(options->path, &status);

	if (err)
		return err;
	rc = sqlite3_open_v2(options->path, &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return failed(d, rc);
	sqlite3_extended_result_codes(d->db, 1);
	d->device = status.st_dev;
	d->inode = status.st_ino;
	d->whose = whose_file(d->db, d->path, status.st_size);
	err = d->whose == SPOOL_FOREIGN ? -EMEDIUMTYPE : set_up(d, options->max_bytes);
	if (!err)
		err = identify(d, options->sensor, fresh);
	/* The file may be written, as was just seen: then it is its header that forbids it. */
	if (err == -EROFS && sqlite3_extended_errcode(d->db) == SQLITE_READONLY)
		err = -EUCLEAN;
	if (!err && *fresh)
		spool_file_sync_directory(options->path);
	return err;
}

struct disk *disk_open(const struct disk_options *options, bool *fresh)
{
	struct disk *d = calloc(1, sizeof(*d));
	int err = -ENOMEM;

	if (d)
		d->path = strdup(options->path);
	if (d && d->path)
		err = open_file(d, options, fresh);
	if (err == -EUCLEAN && spool_file_fill_up(d->path, options->max_bytes)) {
		nt_error("spool %s: cut short; what is missing is lost", d->path);
		sqlite3_close_v2(d->db);
		d->db = NULL;
		err = open_file(d, options, fresh);
	}
	if (!err)
		return d;
	if (d && d->whose == SPOOL_FOREIGN)
		disk_detach(d);
	if (d)
		disk_close(d);
	errno = -err;
	return NULL;
}

void disk_close(struct disk *d)
{
	sqlite3_close_v2(d->db);
	free(d->path);
	free(d);
}

void disk_detach(struct disk *d)
{
	sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

bool disk_in_place(const struct disk *d)
{
	struct stat status;

	return !stat(d->path, &status) && status.st_dev == d->device && status.st_ino == d->inode;
}

uint64_t disk_size(const struct disk *d)
{
	return spool_file_size(d->path);
}

/* ---- sizes ---- */

uint64_t disk_cost(size_t length)
{
	/* Small ones share pages, which SQLite keeps a third full at least; with their rows' headers. */
	uint64_t shared = 3 * ((uint64_t)length + 32) + 80;
	/* The pages of its own that a blob's chain takes, and its share of the tables' pages. */
	uint64_t own = ((uint64_t)length / (PAGE - 4) + 1) * PAGE + 256;

	return shared < own ? shared : own;
}

uint64_t disk_room(uint64_t max_bytes)
{
	/* Room for the tables themselves, the map of pages that vacuuming keeps, and small notes. */
	uint64_t pages = pages_of(max_bytes), tables = 24 + pages / 100;

	return (pages - tables) * PAGE;
}

bool disk_at_bound(struct disk *d, uint64_t bytes)
{
	int64_t pages = 0, unused = 0, most = 0;

	if (read_number(d, "PRAGMA page_count", &pages) || read_number(d, "PRAGMA freelist_count", &unused) ||
	    read_number(d, "PRAGMA max_page_count", &most))
		return false;
	/* A few for the tables */
	return pages - unused + (int64_t)(bytes / PAGE) + 8 > most;
}

/* ---- reading ---- */

static int load_meta(struct disk *d, struct spool_state *state, bool *clean)
{
	sqlite3_stmt *statement;
	int err = prepare(d, "SELECT key, value FROM meta", &statement), rc;

	if (err)
		return err;
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *key = (const char *)sqlite3_column_text(statement, 0);
		uint64_t value = (uint64_t)sqlite3_column_int64(statement, 1);

		if (!key)
			continue;
		if (!strcmp(key, "id"))
			snprintf(state->id, sizeof(state->id), "%s", (const char *)sqlite3_column_text(statement, 1));
		else if (!strcmp(key, "end"))
			state->end = value;
		else if (!strcmp(key, "pinned"))
			state->pinned = value;
		else if (!strcmp(key, "reduced"))
			state->reduced = value;
		else if (!strcmp(key, "dropped"))
			state->dropped = value;
		else if (!strcmp(key, "damaged"))
			state->damaged = value;
		else if (!strcmp(key, "clean"))
			*clean = value;
	}
	sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? 0 : failed(d, rc);
}

static int copy_note(struct spool_sink *sink, const void *note, int length)
{
	if (length <= 0)
		return 0;
	if (length > NT_SPOOL_NOTE)
		return -EUCLEAN;
	sink->note = malloc((size_t)length);
	if (!sink->note)
		return -ENOMEM;
	memcpy(sink->note, note, (size_t)length);
	sink->note_length = (size_t)length;
	return 0;
}

static int load_sinks(struct disk *d, struct spool_state *state)
{
	sqlite3_stmt *statement;
	int err = prepare(d, "SELECT name, applied, note FROM sink", &statement), rc;

	if (err)
		return err;
	while (!err && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);

		for (enum nt_sink i = 0; name && i < NT_SINKS; i++) {
			struct spool_sink *sink = &state->sink[i];

			if (strcmp(name, sink_name[i]) != 0)
				continue;
			sink->known = true;
			sink->applied = (uint64_t)sqlite3_column_int64(statement, 1);
			err = copy_note(sink, sqlite3_column_blob(statement, 2), sqlite3_column_bytes(statement, 2));
		}
	}
	sqlite3_finalize(statement);
	if (err)
		return err;
	return rc == SQLITE_DONE ? 0 : failed(d, rc);
}

static int load_runs(struct disk *d, const char *kind, struct spool_runs *runs)
{
	sqlite3_stmt *statement;
	int err = prepare(d, "SELECT first, last FROM run WHERE kind = ? ORDER BY rowid", &statement), rc;

	if (err)
		return err;
	sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW && runs->n < SPOOL_RUNS)
		runs->run[runs->n++] = (struct spool_run){.from = (uint64_t)sqlite3_column_int64(statement, 0),
							  .to = (uint64_t)sqlite3_column_int64(statement, 1) + 1};
	sqlite3_finalize(statement);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : failed(d, rc);
}

int disk_load(struct disk *d, struct spool_state *state, bool *clean)
{
	int err;

	*state = (struct spool_state){0};
	*clean = false;
	err = load_meta(d, state, clean);
	if (!err)
		err = load_sinks(d, state);
	if (!err)
		err = load_runs(d, "dropped", &state->dropped_runs);
	if (!err)
		err = load_runs(d, "unused", &state->unused_runs);
	if (!err && (strlen(state->id) != NT_SPOOL_ID - 1 || !state->end || state->end > INT64_MAX)) {
		snprintf(d->why, sizeof(d->why), "its identity is missing");
		err = -EUCLEAN;
	}
	return err;
}

int disk_each(struct disk *d, int (*each)(void *context, const struct disk_entry *entry), void *context)
{
	sqlite3_stmt *statement;
	int err = prepare(d, "SELECT sequence, length, reduced, applied FROM entry ORDER BY sequence", &statement), rc;

	if (err)
		return err;
	while (!err && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t length = sqlite3_column_int64(statement, 1);
		struct disk_entry entry = {
		    .sequence = (uint64_t)sqlite3_column_int64(statement, 0),
		    .applied_s = sqlite3_column_int64(statement, 3),
		    .stored = disk_cost(length > 0 ? (size_t)length : 0),
		    .reduced = sqlite3_column_int64(statement, 2),
		};

		err = each(context, &entry);
	}
	sqlite3_finalize(statement);
	if (err)
		return err;
	return rc == SQLITE_DONE ? 0 : failed(d, rc);
}

int disk_read(struct disk *d, uint64_t sequence, uint8_t **bytes, size_t *length)
{
	sqlite3_stmt *statement;
	int err = prepare(d, "SELECT bytes FROM body WHERE sequence = ?", &statement), rc;

	if (err)
		return err;
	sqlite3_bind_int64(statement, 1, (int64_t)sequence);
	rc = sqlite3_step(statement);
	*bytes = NULL;
	if (rc == SQLITE_ROW) {
		const void *blob = sqlite3_column_blob(statement, 0);
		int n = sqlite3_column_bytes(statement, 0);

		*bytes = blob && n > 0 ? malloc((size_t)n) : NULL;
		if (*bytes)
			memcpy(*bytes, blob, (size_t)n);
		*length = (size_t)n;
		err = *bytes ? 0 : sqlite3_errcode(d->db) == SQLITE_NOMEM || (blob && n > 0) ? -ENOMEM : -ENOENT;
	}
	sqlite3_finalize(statement);
	if (rc == SQLITE_ROW)
		return err;
	return rc == SQLITE_DONE ? -ENOENT : failed(d, rc);
}

/* ---- writing ---- */

int disk_begin(struct disk *d)
{
	return execute(d, "BEGIN IMMEDIATE");
}

int disk_insert(struct disk *d, uint64_t sequence, const uint8_t *bytes, size_t length, bool reduced)
{
	sqlite3_stmt *statement;
	int err = prepare(d, "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, NULL)", &statement);

	if (err)
		return err;
	sqlite3_bind_int64(statement, 1, (int64_t)sequence);
	sqlite3_bind_int64(statement, 2, (int64_t)length);
	sqlite3_bind_int(statement, 3, reduced);
	err = finish(d, statement);
	if (!err)
		err = prepare(d, "INSERT OR REPLACE INTO body VALUES (?, ?)", &statement);
	if (err)
		return err;
	sqlite3_bind_int64(statement, 1, (int64_t)sequence);
	if (sqlite3_bind_blob64(statement, 2, bytes, length, SQLITE_STATIC) != SQLITE_OK) {
		sqlite3_finalize(statement);
		return failed(d, SQLITE_TOOBIG);
	}
	return finish(d, statement);
}

static int change_range(struct disk *d, const char *sql, uint64_t from, uint64_t to, int64_t value)
{
	sqlite3_stmt *statement;
	int err = prepare(d, sql, &statement);

	if (err)
		return err;
	sqlite3_bind_int64(statement, 1, (int64_t)from);
	sqlite3_bind_int64(statement, 2, (int64_t)to);
	if (value)
		sqlite3_bind_int64(statement, 3, value);
	return finish(d, statement);
}

int disk_remove(struct disk *d, uint64_t from, uint64_t to)
{
	int err = change_range(d, "DELETE FROM entry WHERE sequence >= ?1 AND sequence < ?2", from, to, 0);

	return err ? err : change_range(d, "DELETE FROM body WHERE sequence >= ?1 AND sequence < ?2", from, to, 0);
}

int disk_mark(struct disk *d, uint64_t from, uint64_t to, int64_t applied_s)
{
	return change_range(d, "UPDATE entry SET applied = ?3 WHERE sequence >= ?1 AND sequence < ?2", from, to,
			    applied_s);
}

static int write_meta(struct disk *d, const struct spool_state *state, bool clean)
{
	static const char *const key[] = {"end", "pinned", "reduced", "dropped", "damaged", "clean"};
	const uint64_t value[] = {state->end, state->pinned, state->reduced, state->dropped, state->damaged, clean};
	sqlite3_stmt *statement;
	int err = prepare(d, "INSERT OR REPLACE INTO meta VALUES (?, ?)", &statement), rc;

	if (err)
		return err;
	sqlite3_bind_text(statement, 1, "id", -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, state->id, -1, SQLITE_STATIC);
	rc = sqlite3_step(statement);
	for (size_t i = 0; rc == SQLITE_DONE && i < sizeof(key) / sizeof(key[0]); i++) {
		sqlite3_reset(statement);
		sqlite3_bind_text(statement, 1, key[i], -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, (int64_t)value[i]);
		rc = sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? 0 : failed(d, rc);
}

static int write_sinks(struct disk *d, const struct spool_state *state)
{
	sqlite3_stmt *statement;
	int err = execute(d, "DELETE FROM sink");

	for (enum nt_sink i = 0; !err && i < NT_SINKS; i++) {
		const struct spool_sink *sink = &state->sink[i];

		if (!sink->known)
			continue;
		err = prepare(d, "INSERT INTO sink VALUES (?, ?, ?)", &statement);
		if (err)
			break;
		sqlite3_bind_text(statement, 1, sink_name[i], -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, (int64_t)sink->applied);
		if (sink->note_length)
			sqlite3_bind_blob(statement, 3, sink->note, (int)sink->note_length, SQLITE_STATIC);
		err = finish(d, statement);
	}
	return err;
}

static int write_runs(struct disk *d, const char *kind, const struct spool_runs *runs)
{
	sqlite3_stmt *statement;
	int err = 0;

	for (size_t i = 0; !err && i < runs->n; i++) {
		err = prepare(d, "INSERT INTO run VALUES (?, ?, ?)", &statement);
		if (err)
			break;
		sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, (int64_t)runs->run[i].from);
		sqlite3_bind_int64(statement, 3, (int64_t)runs->run[i].to - 1);
		err = finish(d, statement);
	}
	return err;
}

int disk_write_state(struct disk *d, const struct spool_state *state, bool clean)
{
	int err = write_meta(d, state, clean);

	if (!err)
		err = write_sinks(d, state);
	if (err || !state->runs_changed)
		return err;
	err = execute(d, "DELETE FROM run");
	if (!err)
		err = write_runs(d, "dropped", &state->dropped_runs);
	if (!err)
		err = write_runs(d, "unused", &state->unused_runs);
	return err;
}

/* After a long outage the file gets small again, a little at a time. It may fail; the next one tries again. */
static void give_back(struct disk *d)
{
	int64_t unused = 0, pages = 0;
	char sql[64];

	if (read_number(d, "PRAGMA freelist_count", &unused) || read_number(d, "PRAGMA page_count", &pages))
		return;
	if (unused < VACUUM_PAGES || unused < pages / 4)
		return;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
	execute(d, sql);
}

int disk_commit(struct disk *d)
{
	int err = execute(d, "COMMIT");

	if (!err)
		give_back(d);
	return err;
}
