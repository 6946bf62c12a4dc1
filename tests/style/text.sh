#!/usr/bin/env bash
# Text files: each ends with a newline, has no trailing blanks and no carriage returns, and names no path
# that exists only on the machine of the one who wrote it.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/style/files.sh"

no_newline() { # FILE...: those that do not end with one
	local file
	for file; do [ -z "$(tail -c 1 "$file" | tr '\n' x)" ] || [ "$(tail -c 1 "$file" | od -An -tx1)" = " 0a" ] || echo "$file"; done
}
blanks() { grep -nIE $'[ \t\r]+$' "$@"; }
# Homes, mounted work areas and named temporary folders; /tmp itself may be named.
machine_paths() { grep -nIE '(^|[^[:alnum:]_./$}-])/(home|root|Users|work|mnt|workspace|tmp/wt)/[[:alnum:]]' "$@"; }

printf 'x' >"$tmp/a" && printf 'x \n' >"$tmp/b" && printf 'in /home/me/src it is\n' >"$tmp/c"
equal "a missing newline is noticed" "$(no_newline "$tmp"/[abc])" "$tmp/a"
equal "a trailing blank is noticed" "$(blanks "$tmp"/[abc])" "$tmp/b:1:x "
matches "a machine's path is noticed" "$(machine_paths "$tmp"/[abc])" "^$tmp/c:1:"

cd "$srcdir" || exit
mapfile -t files < <(tree_files '*' | grep -vE '^tests/(fuzz/corpus|data|expected|style/text\.sh)' |
	while read -r file; do [ -f "$file" ] && echo "$file"; done)
equal "all files end with a newline" "$(no_newline "${files[@]}")" ""
equal "no trailing blanks" "$(blanks "${files[@]}" | grep -vE '^LICENSE:')" ""
equal "no path of one machine" "$(machine_paths "${files[@]}")" ""
