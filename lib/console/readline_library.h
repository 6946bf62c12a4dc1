/*
 * Readline, loaded when somebody sits at the prompt and not before: its pages would be locked into
 * the memory of every tool that waits for memory to run out.
 */
#pragma once

#include <stdio.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/strbuf.h"

/* NAME of the library, for functions and variables alike. */
#define READLINE_SYMBOLS(X)            \
	X(rl_callback_handler_install) \
	X(rl_callback_handler_remove)  \
	X(rl_callback_read_char)       \
	X(rl_callback_sigcleanup)      \
	X(rl_bind_key)                 \
	X(rl_clear_visible_line)       \
	X(rl_crlf)                     \
	X(rl_delete_text)              \
	X(rl_deprep_terminal)          \
	X(rl_ding)                     \
	X(rl_free_line_state)          \
	X(rl_get_screen_size)          \
	X(rl_get_termcap)              \
	X(rl_initialize)               \
	X(rl_insert_text)              \
	X(rl_on_new_line)              \
	X(rl_prep_terminal)            \
	X(rl_redisplay)                \
	X(rl_replace_line)             \
	X(rl_reset_screen_size)        \
	X(rl_resize_terminal)          \
	X(rl_variable_bind)            \
	X(rl_catch_signals)            \
	X(rl_catch_sigwinch)           \
	X(rl_change_environment)       \
	X(rl_deprep_term_function)     \
	X(rl_end)                      \
	X(rl_getc_function)            \
	X(rl_input_available_hook)     \
	X(rl_instream)                 \
	X(rl_line_buffer)              \
	X(rl_outstream)                \
	X(rl_point)                    \
	X(rl_readline_name)            \
	X(add_history)                 \
	X(stifle_history)              \
	X(using_history)

struct readline {
#define READLINE_MEMBER(name) __typeof__(&(name)) name;
	READLINE_SYMBOLS(READLINE_MEMBER)
#undef READLINE_MEMBER
};

/* 0, or -ENOENT with the reason in WHY. It stays loaded. */
int readline_library_load(struct readline *ret, struct strbuf *why);
