/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NT_CONFIG_KEYS_H
#define NT_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The table of keys, and what is done with one of them. Everything that knows keys walks this table: the schema
 * for libcyaml, the search for misspelt names, defaults, checks, printing.
 */

/** More than the table has rows (asserted beside it), so that arrays with a place for each can have a fixed size. */
#define NT_KEYS_MAX 160

/** As many items as the longest list may have (asserted there too). */
#define NT_KEY_ITEMS_MAX 32

struct nt_config;

/** Parent of the keys at the top of the file. */
#define NT_KEY_ROOT (-1)
/** No such key. */
#define NT_KEY_NONE (-2)

enum nt_key_type {
	NT_KEY_SECTION, /**< holds other keys */
	NT_KEY_LIST,	/**< holds items that hold other keys */
	NT_KEY_NUMBER,
	NT_KEY_BOOL,
	NT_KEY_CHOICE,
	NT_KEY_TEXT
};

struct nt_key {
	const char *path; /**< from the top of the file; "[]." stands for an item of the list */
	enum nt_key_type type;
	bool required;	     /**< in each item */
	bool secret;	     /**< may hold a password: not repeated in messages, printed without it */
	size_t offset;	     /**< in struct nt_config, or in an item for keys of a list's items; LIST: of the pointer */
	size_t size;	     /**< of the member; LIST: of an item */
	size_t count_offset; /**< LIST: in struct nt_config, of the number of items, a uint32_t */
	int64_t min;	     /**< NUMBER: least value; TEXT: least length in bytes */
	int64_t max;	     /**< NUMBER: greatest value; TEXT: greatest length in bytes; LIST: most items */
	bool zero;	     /**< NUMBER: 0 is accepted below `min` too */
	const char *unit;    /**< NUMBER: in words */
	const char *form;    /**< TEXT: what is accepted, in words */
	const char *const *word; /**< CHOICE: names in the order of their enum, ended by NULL */
	/** TEXT: returns NULL, or a static text that says what is wrong; not called for "" where that is allowed. */
	const char *(*check)(const char *text);
	/** LIST that is not empty by default: text of a key of its item i, NULL behind the last item. */
	const char *(*item)(uint32_t i, const char *leaf);
	const char *value;   /**< the default, as it would stand in the file; NULL for SECTION and LIST */
	const char *example; /**< instead of the default in a commented-out item; NULL: the default */
	const char *help;    /**< what it means; lines of a comment */
};

extern const struct nt_key nt_key[];
extern const int nt_keys; /**< rows of nt_key[] */

/** Last element of a key's path. */
const char *nt_key_leaf(int row);

/** Row of the section or list that holds a key, or NT_KEY_ROOT. */
int nt_key_parent(int row);

/** Row of the key of that name in a section (row, or NT_KEY_ROOT), or NT_KEY_NONE. */
int nt_key_find(int parent, const char *leaf);

/** Row of the list whose items have the key, or NT_KEY_NONE. */
int nt_key_list(int row);

/** Items of a list of a configuration, and how many there are. */
void *nt_key_items(int list, const struct nt_config *c);
uint32_t nt_key_count(int list, const struct nt_config *c);

/** Puts zeroed items into an empty list. Returns 0 or -ENOMEM. */
int nt_key_make_items(int list, struct nt_config *c, uint32_t n);

/** Item i, counted from 0. */
void *nt_key_item(int list, const struct nt_config *c, uint32_t i);

/** Longest text of nt_key_path(), with its NUL. */
#define NT_KEY_PATH 64

/** Writes a key's path; `item` counts from 1 and replaces "[]" by "[item - 1]" where there is one. */
void nt_key_path(int row, uint32_t item, char text[static NT_KEY_PATH]);

/** Longest reason of nt_key_set(), with its NUL. */
#define NT_KEY_REASON 320

/**
 * Puts a value into its member of `base` (struct nt_config or an item of a list).
 * Returns 0, -ENOMEM, or -EINVAL with a reason and the member as it was.
 */
int nt_key_set(int row, void *base, const char *text, char reason[static NT_KEY_REASON]);

/** Puts the default into its member, whatever it holds. Returns 0 or -ENOMEM. */
int nt_key_reset(int row, void *base);

/** Frees what a member holds. */
void nt_key_clear(int row, void *base);

/** Writes a member's value as YAML. */
void nt_key_write(int row, const void *base, FILE *out);

/** Writes unit or form, range and default: "seconds, 1..86400, default 60". */
void nt_key_write_range(int row, FILE *out);

#endif
