#!/usr/bin/env bash
# Every C file is what clang-format makes of it. The style is that of version 14: others format differently.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/style/files.sh"

formatter=$(command -v clang-format-14) || formatter=$(command -v clang-format) ||
	skip_all "no clang-format-14 (apt install clang-format-14, in Debian 12)"
version=$("$formatter" --version)
[[ $version == *version\ 14.* ]] || skip_all "clang-format is not version 14: $version"

formatted() { # FILE...: complains, and fails, where one is not as the formatter would have it
	"$formatter" --style="file:$srcdir/.clang-format" --dry-run --Werror "$@"
}

printf 'int main(void){ return 0; }\n' >"$tmp/bad.c"
! formatted "$tmp/bad.c" 2>/dev/null
ok "a badly formatted file is noticed" $?

mapfile -t files < <(tree_files '*.c' '*.h')
[ "${#files[@]}" -gt 0 ]
ok "there are C files" $?
cd "$srcdir" && check "all C files are formatted (clang-format-14 -i FILE mends them)" formatted "${files[@]}"
