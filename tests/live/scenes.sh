#!/usr/bin/env bash
# oomrank's choice and the kernel's in random scenes (scenes.c). SCENES: how many; SEED=... to see them again;
# SCENE: only the one of that number.
. "${srcdir:-.}/tests/live/lib.sh"
can_trace
: "${SEED:=$RANDOM$RANDOM}" "${SCENES:=20}"
echo "# SEED=$SEED SCENES=$SCENES"
start kills oomkill -j
# Only a process with CAP_SYS_RESOURCE (24) may have less than it was given.
least=-1000
[ $((0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> 24 & 1)) = 1 ] || least=0
options=(-l "$least")
[ -z "${SCENES_SYSRQ-}" ] || options+=(-y)
[ -z "${SCENES_SYSRQ-}" ] || [ "$(cat /sys/devices/system/node/has_memory)" != 0-1 ] || options+=(-N)
[ -z "${SCENE-}" ] || options+=(-o "$SCENE")
OOMTOOLS_COMPILE=$builddir/libexec/oomtools-compile "$builddir/tests/live/scenes" -d "$(memcg_parent)" -p "$builddir/tests/workloads/scene" -k "$tmp/kills.out" \
	-f "$builddir/lib/liboomtools.a" -s "$SEED" -n "$SCENES" "${options[@]}" >"$tmp/scenes"
status=$?
sed 's/^/# /' "$tmp/scenes"
equal "all are played" "$(grep -c '^scene [0-9]*: \(hit\|MISS\|void\):' "$tmp/scenes")" "$SCENES"
equal "each kill of a scene that stands still is predicted: who, by how many points, who else" "$status" 0
stop "$pid"
