#!/usr/bin/env bash
# Every script passes shellcheck, warnings included.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/style/files.sh"

command -v shellcheck >/dev/null || skip_all "no shellcheck (apt install shellcheck)"
# SC1090, SC1091: sourced by a computed name. SC2034, SC2154: set for, or by, the file
# that sources this one.
clean() {
	shellcheck --shell=bash --severity=warning --exclude=SC1090,SC1091,SC2034,SC2154 "$@"
}

printf '#!/bin/bash\ncd $1\n' >"$tmp/bad.sh"
! clean "$tmp/bad.sh" >/dev/null
ok "a careless script is noticed" $?

mapfile -t files < <(shell_files)
matches "the scripts without a suffix are found" " ${files[*]} " " quickstart "
cd "$srcdir" && check "all scripts pass shellcheck" clean "${files[@]}"
