/* Allocation flags in this kernel's words: gfpnames MASK... prints a line for each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom/gfp.h"

int main(int argc, char *argv[])
{
	_cleanup_flag_names_ struct flag_names *names = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};
	int r = gfp_names_load(&names);

	for (int i = 1; i < argc && r == 0; i++) {
		strbuf_printf(&out, "%s ", argv[i]);
		r = flag_names_text(names, strtoull(argv[i], NULL, 0), &out);
		strbuf_putc(&out, '\n');
	}
	if (r < 0)
		fprintf(stderr, "gfpnames: %s\n", strerror(-r));
	else
		fputs(strbuf_text(&out), stdout);
	return r < 0;
}
