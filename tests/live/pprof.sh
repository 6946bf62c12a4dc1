# For tests that look into profiles: Go toolchains, and pprof's own reading of a file.
export OOMTOOLS_GO_CACHE=${OOMTOOLS_GO_CACHE:-$builddir/go-toolchains} builddir
workloads=$srcdir/tests/workloads

# find_toolchains: sets $toolchains, lines of "VERSION GOROOT", and $pprof; skips all if there is none.
find_toolchains() {
	local root
	toolchains=$("$workloads/go-toolchains" 2>"$tmp/log") || skip_all "no Go toolchains: $(tail -n 1 "$tmp/log")"
	# A pprof that is ready to run: from 1.25 on it would have to be compiled first.
	pprof=
	while read -r _ root; do
		[ ! -x "$root/pkg/tool/linux_amd64/pprof" ] || pprof=$root/pkg/tool/linux_amd64/pprof
	done <<<"$toolchains"
	[ "$pprof" ] || skip_all "no Go toolchain with a built pprof (1.24 or older)"
}
# kinds_of VERSION: how to build victims with it. A PIE needs the standard library compiled once more: of
# each layout one version. What is removed from a program after that costs nothing.
kinds_of() {
	case ${OOMTOOLS_GO_KINDS:-$1} in
	1.19) echo "exec cgo-bare pie-stripped cgo-pie-blank" ;;
	1.21) echo "exec-stripped cgo" ;;
	1.22) echo "exec-blank cgo" ;;
	1.23) echo "exec cgo-stripped" ;;
	1.24) echo "exec cgo pie-blank cgo-pie-stripped" ;;
	1.25) echo "exec-stripped cgo" ;;
	1.26) echo "exec-bare cgo" ;;
	1.27) echo "exec cgo-stripped pie-bare cgo-pie-stripped" ;;
	1.*) echo "exec cgo" ;;
	*) echo "$OOMTOOLS_GO_KINDS" ;;
	esac
}
raw() { PPROF_TMPDIR=$tmp HOME=$tmp "$pprof" -symbolize=none -raw "$1" 2>/dev/null; }
samples() { # FILE: its samples in one normal form
	raw "$1" | awk -f "$srcdir/tests/live/pprof-samples.awk"
}
# held SAMPLES FUNCTION SIZE: how many objects of that size the function keeps, and their bytes
held() {
	awk -v leaf="$2|" -v label="bytes:[$3]" '$1 == "sample" && $6 == label && index($7, leaf) == 1 {
		objects += $4; bytes += $5
	} END { print objects + 0, bytes + 0 }' "$1"
}
