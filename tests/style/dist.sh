#!/usr/bin/env bash
# Whatever git knows is in the tarball too: a file that no Makemodule.am names is noticed here, not by the
# one who unpacks a release.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/style/files.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL
make -s -C "$builddir" print-distfiles | tr ' ' '\n' | sort -u >"$tmp/named"
check "the Makefile names its files" [ -s "$tmp/named" ]

# left_out FILE...: those that are not, neither by name nor by the name of a directory above them
left_out() {
	local file above
	for file; do
		above=$file
		until grep -qxF -- "$above" "$tmp/named"; do
			[[ $above == */* ]] || { echo "$file" && break; }
			above=${above%/*}
		done
	done
}
equal "a file that nobody names is noticed" "$(left_out tests/no-such-file configure.ac)" tests/no-such-file

mapfile -t files < <(tree_files '*' | grep -vE '(^|/)\.git|^\.ci/')
equal "no file is left out (add it to EXTRA_DIST in its folder's Makemodule.am)" "$(left_out "${files[@]}")" ""
