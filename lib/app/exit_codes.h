/* What a tool's exit status means; the man pages say the same. */
#pragma once

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,      /* it could not do what was asked */
	EXIT_USAGE = 2,	      /* the command line is wrong */
	EXIT_NOT_ALLOWED = 3, /* not permitted, or this kernel cannot do it */
};
