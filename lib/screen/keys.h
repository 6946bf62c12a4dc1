/* Keys as the screen reports them: the code point of a character, or one of these. */
#pragma once

enum screen_key {
	SCREEN_TAB = '\t',
	SCREEN_ENTER = '\n',
	SCREEN_ESCAPE = 27,
	SCREEN_BACKSPACE = 127,
	SCREEN_UP = 0x110000, /* behind the last code point */
	SCREEN_DOWN,
	SCREEN_LEFT,
	SCREEN_RIGHT,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
	SCREEN_DELETE,
	SCREEN_F1,
	SCREEN_F10 = SCREEN_F1 + 9,
	SCREEN_UNKNOWN, /* a key that nothing here uses */
};

/* The key that Ctrl makes of a letter. */
#define SCREEN_CTRL(letter) ((letter)&0x1f)
