/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef NEEDLETAIL_ERRORS_H
#define NEEDLETAIL_ERRORS_H

/** Exit statuses of every subcommand. */
enum nt_exit {
	NT_EXIT_OK = 0,	     /**< done */
	NT_EXIT_FAILED = 1,  /**< failed at run time, or the input was defective and what could be counted was */
	NT_EXIT_UNUSABLE = 2 /**< wrong usage, configuration or input, before anything was counted */
};

#endif
