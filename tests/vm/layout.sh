#!/usr/bin/env bash
# The layout test (tests/live/layout.c) with the types of each of Debian's kernels.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/vm/common.sh"
obstacle=$(vm_obstacle)
[ -z "$obstacle" ] || skip_all "$obstacle"

mkdir "$tmp/btf"
for kernel in $vm_kernels; do
	"$srcdir/tests/vm/kernel" "$kernel" >&2 || skip_all "cannot fetch kernel $kernel"
	ln -s "$vm_cache/$kernel.btf" "$tmp/btf/"
done
export srcdir
OOMTOOLS_BTF_DIR=$tmp/btf "$builddir/tests/live/layout" >"$tmp/tap"
status=$?
grep '^#' "$tmp/tap"
while read -r result _ _ description; do
	case $result in
	ok) ok "$description" 0 ;;
	not) ok "${description#* }" 1 ;;
	esac
done < <(grep -E '^(not )?ok' "$tmp/tap")
equal "layout ended well" "$status" 0
