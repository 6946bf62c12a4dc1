/*
 * A line of a recording. What can be read must come out the same when it is
 * written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "oom/kill_explain.h"
#include "oom/kill_json.h"
#include "oom/kill_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf why = {0}, once = {0}, twice = {0}, text = {0};
	_cleanup_kill_ struct kill *k = NULL, *again = NULL;

	if (kill_json_read((const char *)data, size, &k, &why) < 0) {
		if (k || !why.length)
			abort();
		return 0;
	}
	if (kill_json_line(k, &once) < 0 ||
	    kill_json_read(once.data, once.length, &again, &why) < 0 ||
	    kill_json_line(again, &twice) < 0 || strcmp(once.data, twice.data) != 0)
		abort();
	if (kill_line(k, true, NULL, &text) < 0 || kill_explain(k, &text) < 0)
		abort();
	return 0;
}
