#!/usr/bin/env bash
# Allocation flags in words, compared with the kernel's own: of kills for which programs, tmpfs, the page cache
# and the kernel itself asked for memory.
. "${srcdir:-.}/tests/live/lib.sh"
require_root
dmesg >/dev/null 2>&1 || skip_all "the kernel log cannot be read"
memcg_parent >/dev/null || skip_all "no memory cgroup hierarchy"

# What a full cgroup's processes ask for next. Each is ended by the kernel, or gives up.
fill() { # NAME BYTES COMMAND...
	cgroup=$(memcg_make "$1" "$2") || return
	at_exit memcg_remove "$cgroup"
	shift 2
	memcg_start "$cgroup" timeout 20 "$@" >/dev/null 2>&1
	wait $!
	true
}
mkdir "$tmp/tmpfs"
mount -t tmpfs -o size=64m none "$tmp/tmpfs"
at_exit umount -l "$tmp/tmpfs"
# The kernel reports at most ten kills in five seconds whole, those of others among them.
reported() {
	fill program $((16 << 20)) "$hog" 64
	dmesg | grep -q 'gfp_mask=0x'
}
wait_for 30 reported
fill file $((8 << 20)) dd if=/dev/zero of="$tmp/tmpfs/file" bs=1M count=48
rm -f "$tmp/tmpfs/file"
fill processes $((4 << 20)) bash -c 'for i in {1..100}; do sleep 9 & done; kill $(jobs -p)'
fill pipes $((8 << 20)) perl -e 'for (1 .. 400) { pipe(my $r, my $w); push @kept, $r, $w; syswrite $w, "x" x 65536 }'

# The masks of all kills that the log still has, also of other tests; without the words in their parentheses.
dmesg | grep -oE 'gfp_mask=0x[0-9a-f]+\([^)]*\)' | sort -u |
	sed -E 's/^gfp_mask=(0x[0-9a-f]+)\((.*)\)$/\1 \2/' >"$tmp/kernel"
echo "# $(wc -l <"$tmp/kernel") masks: $(tr '\n' ' ' <"$tmp/kernel")"
mapfile -t masks < <(cut -d ' ' -f 1 "$tmp/kernel")
check "there are masks" test "${#masks[@]}" -gt 0
"$builddir/tests/live/gfpnames" "${masks[@]}" >"$tmp/ours"
equal "their words are the kernel's" "$(cat "$tmp/ours")" "$(cat "$tmp/kernel")"
# No name, and no bit twice: every bit of all masks there can be has a word, or is left over as a number.
equal "no mask has no word" "$("$builddir/tests/live/gfpnames" 0 0x8000000000000000 | xargs)" \
	"0 0x8000000000000000 0x8000000000000000"
