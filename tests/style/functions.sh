#!/usr/bin/env bash
# A function fits on a screen: 80 lines at most, and that is for the rare one; most have under 40.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/style/files.sh"

long() { # FILE...: where a body of more than 80 lines ends
	awk 'FNR == 1 { start = 0 }
		/^\{/ { start = FNR }
		/^\}/ {
			if (start && FNR - start > 80)
				print FILENAME ":" FNR ": a function of " FNR - start + 1 " lines"
			start = 0
		}' "$@"
}
{ echo "int f(void)" && echo "{" && yes ";" | head -n 90 && echo "}"; } >"$tmp/bad.c"
equal "a long function is noticed" "$(long "$tmp/bad.c")" "$tmp/bad.c:93: a function of 92 lines"

mapfile -t files < <(tree_files '*.c')
equal "no function is too long" "$(cd "$srcdir" && long "${files[@]}")" ""
