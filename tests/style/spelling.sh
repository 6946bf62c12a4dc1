#!/usr/bin/env bash
# No well-known misspelling in text or comments.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/style/files.sh"

command -v codespell >/dev/null || skip_all "no codespell (apt install codespell)"
spelled() {
	codespell --ignore-words="$srcdir/tests/style/words" "$@"
}

echo "we recieve it" | sed 's/x/y/' >"$tmp/bad.md" # codespell:ignore
! spelled "$tmp/bad.md" >/dev/null
ok "a misspelling is noticed" $?

mapfile -t files < <(tree_files '*' | grep -vE '^(LICENSE|tests/(fuzz/corpus|data|expected|style/spelling\.sh))')
cd "$srcdir" && check "no misspelling" spelled "${files[@]}"
