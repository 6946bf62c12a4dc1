# Sourced by test scripts after tests/init.sh: what the tools say of themselves.

tools="goalloctop memrate oomkill oomprof oomrank"

# tool_program PROGRAM: where it lies in the build tree
tool_program() {
	case $1 in
	oomtools-compile) echo "$builddir/libexec/$1" ;;
	*) echo "$builddir/tools/$1" ;;
	esac
}
# tool_options PROGRAM: a line for each option of --help: "-p, --pid PID", "--edit"
tool_options() {
	"$(tool_program "$1")" --help |
		sed -nE 's/^ +((-., )?--[a-z-]+( [A-Z]+|\[=[A-Z]+\])?)( .*)?$/\1/p'
}
# tool_json_keys TOOL: the keys of its -j output, by the sources that name them or by asking the tool
tool_json_keys() {
	local sources=""
	case $1 in
	oomkill)
		"$(tool_program oomkill)" -j --replay - <<<'{"victim_pid":1,"members":[{}]}' |
			jq -r 'keys[], (.members[] | keys[])'
		return
		;;
	oomrank)
		. "$srcdir/tests/rank.sh"
		rank_machine "$tmp/of-keys"
		echo 1 >"$tmp/of-keys/proc/3001/oom_score"
		for form in -j "-j --all-domains" "-j --verify" "-j --compare"; do
			# shellcheck disable=SC2086
			"$(tool_program oomrank)" --root "$tmp/of-keys" $form 2>/dev/null | jq -r 'keys[], (.killed // [] | .[] | keys[])'
		done | sort -u
		echo change # of --changes only, and nothing changes there
		return
		;;
	memrate)
		grep -oE '^	.\{?"[a-z_]+", (BYTES|RATE)' "$srcdir/lib/rate/rate_json.c" | grep -oE '"[a-z_]+"' | tr -d '"'
		sources="lib/rate/rate_json.c lib/rate/limit.c lib/rate/alert.c"
		;;
	goalloctop) sources="lib/alloc/program_table.c lib/alloc/alloc_columns.c tools/goalloctop_trace_json.c" ;;
	oomprof) sources="lib/victim/victim_report.c lib/victim/check_report.c" ;;
	esac
	for source in $sources; do
		grep -ohE '(json|json_writer|put)_[a-z0-9_]+\(([a-z]+, )?(w|&w|writer), "[a-z_0-9]+"(, "[a-z_0-9]+")?' \
			"$srcdir/$source" | grep -oE '"[a-z_0-9]+"' | tr -d '"'
	done
}
