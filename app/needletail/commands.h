/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_COMMANDS_H
#define NEEDLETAIL_COMMANDS_H

/* One function a subcommand: argv[0] is the subcommand's name; returns an enum nt_exit. */

int cmd_bench(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_ports(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
