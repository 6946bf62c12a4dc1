#!/usr/bin/env bash
# A short bench/soak: 60 victims of every version and build mode, four at a time, and 60 good profiles.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
find_toolchains
said=$("$srcdir/bench/soak" 60 4 2>&1)
ok "each of 60 victims has its profile, complete and exact" $?
sed 's/^/# /' <<<"$said"
matches "it says so" "$said" $'\nall +60 +60(\n|$)'
