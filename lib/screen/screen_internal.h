/* Shared by the parts of the screen. */
#pragma once

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <termios.h>

#include "screen/caught.h"
#include "screen/screen.h"

struct screen {
	struct screen_config config;
	FILE *in, *out;
	SCREEN *curses;
	struct termios modes; /* as they were */
	int signals;	      /* signalfd */
	bool plain;	      /* the terminal shows ASCII only */
	bool colors;
	struct caught caught;
};

/* The size is that of the terminal now. */
void screen_measure(struct screen *s);
