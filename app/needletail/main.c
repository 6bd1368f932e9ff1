/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include "base/log.h"
#include "base/mix.h"
#include "base/parse.h"
#include "needletail/errors.h"

#include <signal.h>
#include <stdbool.h>
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
    {"bench", cmd_bench, "[options] [CAPTURE]: measure the packet path beside receiving alone"},
    {"check", cmd_check, "-c FILE: validate a configuration, then the machine"},
    {"ports", cmd_ports, "list usable devices and the configuration line for each"},
    {"report", cmd_report, "--redis URL --quarter 2022Q3: tables, figures and sentences of a quarter"},
    {"top", cmd_top, "--redis URL: show live what sensors write into Redis"},
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

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static bool asks_for_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

int main(int argc, char **argv)
{
	const struct command *command;

	signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of that one write */
	if (nt_mix_choose_secret())
		nt_warning("no random numbers: the tables' layout can be guessed");
	if (argc < 2) {
		usage(stderr);
		return NT_EXIT_UNUSABLE;
	}
	if (asks_for_help(argv[1]) && argc == 2) {
		usage(stdout);
		return NT_EXIT_OK;
	}
	command = find(strcmp(argv[1], "--version") ? argv[asks_for_help(argv[1]) ? 2 : 1] : "version");
	if (!command)
		return unknown(argv[asks_for_help(argv[1]) ? 2 : 1]);
	if (asks_for_help(argv[1])) { /* "help COMMAND" is "COMMAND --help" */
		char help[] = "--help", *words[] = {argv[2], help, NULL};

		return command->run(2, words);
	}
	return command->run(argc - 1, argv + 1);
}
