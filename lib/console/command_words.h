/*
 * What commands of several tools do alike with their words: a switch, a choice, a file, and `set`
 * without a word, which shows all settings.
 */
#pragma once

#include <stdint.h>

#include "app/options.h"
#include "console/command.h"

/* The word behind the command is which of NAMES (NULL behind the last)? Or -EINVAL, told in WHY. */
int command_choose(struct command_call *call, const char *const *names);

/* "on" or "off" behind the command. 0, or -EINVAL, told in WHY: then IS_ON is as it was. */
int command_switch_read(struct command_call *call, bool *is_on);

/* "NAME on|off": how it is, as a line that would set it so. */
void command_switch_put(struct command_call *call, bool is_on);

/* `set NAME on|off`; without a word, how it is. 0 or -EINVAL, as above. */
int command_switch(struct command_call *call, bool *is_on);

/* The number behind the command, from LEAST to MOST; without a word N stays. 0, or -EINVAL, told in
 * WHY. */
int command_number(struct command_call *call, uint64_t least, uint64_t most, uint64_t *n);

/* "PID|last" behind the command: RET is the PID, or 0 for the last. 0, or -EINVAL, told in WHY. */
int command_pid_or_last(struct command_call *call, uint64_t *ret);
void command_complete_last(const struct command_completion *c);

/* The word behind the command, but NULL for "off". */
const char *command_unless_off(const struct command_call *call);

/* "set NAME VALUE", the line that would set it so; NULL and no numbers are "off". VALUE may be
 * foreign. */
void command_put(struct strbuf *out, const char *name, const char *value);
void command_put_switch(struct strbuf *out, const char *name, bool is_on);
void command_put_numbers(struct strbuf *out, const char *name,
			 const struct option_numbers *numbers);

/* `set` alone: each of COMMANDS, which are below it, is run without a word; SKIP (NULL: none) is
 * left out. 0, or what the first failed with. */
int command_show_all(struct command_call *call, const struct command *commands,
		     int (*skip)(struct command_call *call));

/* For `complete` of a command: NAMES for its first word; on and off; off; a file; a file or
 * off. */
void command_offer(const struct command_completion *c, const char *const *names);
void command_complete_switch(const struct command_completion *c);
void command_complete_off(const struct command_completion *c);
void command_complete_file(const struct command_completion *c);
void command_complete_file_or_off(const struct command_completion *c);
