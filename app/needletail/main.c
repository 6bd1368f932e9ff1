/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "base/log.h"
#include "base/parse.h"
#include "needletail/errors.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct command commands[] = {
    {"run", cmd_run, "-c FILE: count what arrives at the configured devices until SIGINT or SIGTERM"},
    {"replay", cmd_replay, "[options] CAPTURE...: count capture files, in their own time"},
    {"check", cmd_check, "-c FILE: validate a configuration, then the machine"},
    {"ports", cmd_ports, "list usable devices and the configuration line for each"},
    {"version", cmd_version, "print the versions in use"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fprintf(out, "usage: needletail COMMAND [options]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n'needletail COMMAND --help' tells a command's options.\n");
}

static int unknown(const char *name)
{
	const char *known[COMMANDS], *nearest;

	for (size_t i = 0; i < COMMANDS; i++)
		known[i] = commands[i].name;
	nearest = nt_nearest_name(name, known, COMMANDS);
	if (nearest)
		nt_error("%s: unknown command, did you mean %s?", name, nearest);
	else
		nt_error("%s: unknown command, see needletail --help", name);
	return NT_EXIT_UNUSABLE;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of that one write */
	if (argc < 2) {
		usage(stderr);
		return NT_EXIT_UNUSABLE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return NT_EXIT_OK;
	}
	if (!strcmp(argv[1], "--version"))
		return cmd_version(argc - 1, argv + 1);
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return unknown(argv[1]);
}
