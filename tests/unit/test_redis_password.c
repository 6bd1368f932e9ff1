/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/password.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96], other[96];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/needletail-password-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/password", folder);
	snprintf(other, sizeof(other), "%s/link", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	rmdir(path);
	unlink(other);
	rmdir(folder);
	return 0;
}

static void write_file(const void *content, size_t length, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, length, file), length);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

/* Reads the file as `name` is told. Returns what came of it; the password is checked if it is not NULL. */
static int read_it(const char *name, const char *expected)
{
	char password[16];
	const char *why = "x";
	int err;

	memset(password, 'y', sizeof(password));
	err = nt_redis_read_password(name, password, sizeof(password), &why);
	if (err) {
		assert_non_null(why);
		assert_true(*why);
		assert_int_not_equal(password[1], 's'); /* nothing of it is left */
	} else {
		assert_null(why);
		assert_string_equal(password, expected);
	}
	return err;
}

static void the_first_line_is_the_password(void **state)
{
	static const struct {
		const char *content, *password;
	} row[] = {
	    {"secret", "secret"},
	    {"secret\n", "secret"},
	    {"secret\r\n", "secret"},
	    {"secret\nmore\n", "secret"},
	    {" se cret \n", " se cret "},
	    {"\xe6\x9d\xb1\n", "\xe6\x9d\xb1"},
	    {"0123456789abcde\n", "0123456789abcde"},
	    {"0123456789abcde\nand more than there is room for\n", "0123456789abcde"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		write_file(row[i].content, strlen(row[i].content), 0600);
		assert_int_equal(read_it(path, row[i].password), 0);
	}
	chmod(path, 0400);
	assert_int_equal(read_it(path, "0123456789abcde"), 0);
}

static void what_is_no_password_is_refused(void **state)
{
	(void)state;
	write_file("", 0, 0600);
	assert_int_equal(read_it(path, NULL), -EINVAL);
	write_file("\n", 1, 0600);
	assert_int_equal(read_it(path, NULL), -EINVAL);
	write_file("\r\nsecret\n", 9, 0600);
	assert_int_equal(read_it(path, NULL), -EINVAL);
	write_file("xs\0cret\n", 8, 0600);
	assert_int_equal(read_it(path, NULL), -EINVAL);
	write_file("xs23456789abcdef\n", 17, 0600); /* one too long */
	assert_int_equal(read_it(path, NULL), -EINVAL);
	write_file("xs23456789abcdef", 16, 0600);
	assert_int_equal(read_it(path, NULL), -EINVAL);
}

static void rights_of_others_are_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0660, 0602, 0620, 0644, 0601, 0777};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file("secret\n", 7, modes[i]);
		assert_int_equal(read_it(path, NULL), -EACCES);
	}
	assert_int_equal(symlink(path, other), 0);
	assert_int_equal(read_it(other, NULL), -EACCES);
	chmod(path, 0600);
	assert_int_equal(read_it(other, "secret"), 0);
}

static void another_owner_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("secret\n", 7, 0600);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_int_equal(read_it(path, NULL), -EACCES);
	assert_int_equal(chown(path, 0, 12345), 0); /* a group without rights does not matter */
	assert_int_equal(read_it(path, "secret"), 0);
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_it(path, NULL), -ENOENT);
	assert_int_equal(symlink("nowhere", other), 0);
	assert_int_equal(read_it(other, NULL), -ENOENT);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(read_it(path, NULL), -EINVAL);
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes to it, and nobody waits */
	assert_int_equal(read_it(path, NULL), -EINVAL);
	assert_int_equal(read_it("/dev/null", NULL), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_line_is_the_password), TEST(what_is_no_password_is_refused),
	    TEST(rights_of_others_are_refused),	  TEST(another_owner_is_refused),
	    TEST(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
