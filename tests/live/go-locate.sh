#!/bin/bash
# Where the runtime's variables are, by the instructions that refer to them, against the symbol table, for every
# Go version at hand and every kind of executable; then the same programs without symbols, without section
# headers and without build info. Nothing runs: needs Go toolchains only (fetched from the mirror unless installed).
# OOMTOOLS_GO_VERSIONS limits the versions; OOMTOOLS_GO_KINDS="exec pie cgo ..." (go-victim) builds these with each.
source "${srcdir:?}/tests/init.sh"
. "$srcdir/tests/live/pprof.sh"

golocate=$builddir/tests/live/golocate
toolchains=$("$workloads/go-toolchains" 2>"$tmp/log") || skip_all "no Go toolchains: $(tail -n 1 "$tmp/log")"

# Each kind has a standard library of its own to be compiled: not all of them with every version.
kinds_to_locate() { # VERSION
	case ${OOMTOOLS_GO_KINDS:-$1} in
	1.19) echo "exec debug cgo arm64 pie" ;;
	1.21) echo "exec cgo race" ;;
	1.24) echo "exec cgo debug pie cgo-pie shared" ;;
	1.26) echo "exec cgo arm64" ;;
	1.27) echo "exec cgo race debug pie cgo-pie shared arm64-pie" ;;
	1.*) echo "exec cgo" ;;
	*) echo "$OOMTOOLS_GO_KINDS" ;;
	esac
}
# The runtime is what matters: where nobody else has built leaky, a program that has little else is built sooner.
name_of() { # KIND
	case $1 in debug* | race* | arm64* | 386*) echo noprof ;; *) echo leaky ;; esac
}
victim() { # VERSION KIND [NAME]: sets $program
	program=$("$workloads/go-victim" "$1" "$2" "${3:-$(name_of "$2")}" 2>"$tmp/log") && return
	sed 's/^/# /' "$tmp/log"
	ok "Go $1 $2: the victim builds" 1
	return 1
}
# line FILE WORD: the line that begins with it
line() { grep "^$2 " "$1"; }
by_instructions() { awk '/^runtime\./ { print $1, $3 } /^record_size/ { print $2 }' "$1"; }

check_forms() { # VERSION KIND
	local form version_source
	for form in stripped blank; do
		case $2-$form in arm64*-stripped) continue ;; esac # strip(1) is of this machine
		victim "$1" "$2-$form" || continue
		"$golocate" "$program" >"$tmp/form"
		equal "Go $1 $2-$form: nothing is anywhere else" "$(by_instructions "$tmp/form")" "$(by_instructions "$tmp/symbols")"
		[ $form = stripped ] && version_source=buildinfo || version_source=variable
		matches "Go $1 $2-$form: its version" "$(line "$tmp/form" version)" "^version go$1\.[0-9]+ by $version_source\$"
		matches "Go $1 $2-$form: by instructions, sure" "$(line "$tmp/form" machine)" " stripped 1 sure 1 contradicted 0 "
	done
}
check_version() { # VERSION KIND
	local different size=32 linked=1
	victim "$1" "$2" || return
	"$golocate" "$program" >"$tmp/symbols"
	different=$(awk '/^runtime\./ && ($2 == "-" || $2 != $3)' "$tmp/symbols")
	equal "Go $1 $2: instructions and symbols agree on all of $(grep -c '^runtime\.' "$tmp/symbols")" "$different" ""
	[ "${1#1.}" -lt 27 ] || size=16
	[ "$(name_of "$2")" = leaky ] || linked=0
	# Up to 1.23 the arm64 compiler scales by other means than a shift.
	case $2 in
	arm64*) matches "Go $1 $2: confirmed" "$(line "$tmp/symbols" record_size)" "^record_size (0|$size) confirmed 1\$" ;;
	*) matches "Go $1 $2: record size, confirmed" "$(line "$tmp/symbols" record_size)" "^record_size $size confirmed 1\$" ;;
	esac
	matches "Go $1 $2: sure" "$(line "$tmp/symbols" machine)" " stripped 0 sure 1 contradicted 0 profiling_linked $linked size $size\$"
	check_forms "$1" "$2"
}

while read -r version _; do
	newest=$version
	for kind in $(kinds_to_locate "$version"); do check_version "$version" "$kind"; done
done <<<"$toolchains"

# What has no profile, and what is said of it.
victim "$newest" exec noprof && matches "profiling switched off by the linker" "$("$golocate" "$program")" \
	" sure 1 .* profiling_linked 0 "
victim "$newest" exec-renamed && matches "obfuscated" "$("$golocate" "$program")" \
	"ENODATA: a Go program whose runtime functions were renamed \(obfuscated, by garble"
victim "$newest" exec && {
	# garble also changes the function table's magic number.
	perl -0777 -pe 's/[\xf0\xf1]\xff\xff\xff\x00\x00\x01\x08/\x12\x34\x56\x78\x00\x00\x01\x08/g' "$program" >"$tmp/magic"
	matches "another magic number: found, not sure" "$("$golocate" "$tmp/magic")" "machine 62 .* sure 0 contradicted 0"
	perl -0777 -i -pe 's/runtime\./kjqzwvx./g' "$tmp/magic"
	matches "another magic number, obfuscated" "$("$golocate" "$tmp/magic")" "ENODATA: .*obfuscated"
}
victim "$newest" 386 && matches "a 32-bit program" "$("$golocate" "$program")" \
	"^ENODATA: a Go program for a 32-bit or big-endian machine"
matches "a program that is not Go" "$("$golocate" /bin/sh)" "^ENOENT: not a Go program\$"
