#!/usr/bin/env bash
# Does goalloctop tell the truth? Programs that keep books (tests/workloads/ledger.go), of all Go versions and several
# kinds of executables, allocate and drop known numbers of objects at sites of all sorts, while one goalloctop of each
# source watches them. Where every object is sampled what is shown has to be exact; at the runtime's own rate it has to
# be within five standard deviations of what sampling does to these very numbers. OOMTOOLS_GO_VERSIONS limits the
# versions.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
. "$srcdir/tests/live/ledger.sh"
can_trace
find_toolchains
default_rate=524288
sources=(snapshot events)
names=() # of the programs; those that sample end with -sampled

# Every version, and kinds of executables of all sorts among them.
declare -A kinds=([1.19]=pie-stripped [1.21]=exec-stripped [1.22]=exec-blank [1.24]=pie-blank [1.25]=exec-stripped
	[1.26]=exec-bare)
while read -r version _; do
	kind=${kinds[$version]-exec}
	program=$("$workloads/go-victim" "$version" "$kind" ledger 2>"$tmp/log")
	ok "$version $kind: it builds" $?
	ledger "$version" "$program" -rate 1 && ledger "$version-sampled" "$program" -gc 100
	ok "$version $kind: it is ready" $?
	names+=("$version" "$version-sampled")
done <<<"$toolchains"
lines=$(ledger_lines)
all_sites=(small pointers tiny generic inlined deep slice large huge line1 line2 one two method element)

# exact_work NAME FIRST: prime numbers of objects at each site, of which others are kept
exact_work() {
	local primes=(1009 503 997 211 101 307 401 53 7 601 1201 701 1301 809 907) i keep
	for i in "${!all_sites[@]}"; do
		keep=$(((i * 5 + $2) % 13 * ${primes[i]} / 13)) # none for some of them
		tell "$1" "alloc ${all_sites[i]} ${primes[i]} $keep"
	done
}
# sampled_work NAME: enough to be seen at the default rate
sampled_work() {
	local i
	for i in {1..8}; do
		tell "$1" "alloc small 100003 20011" "alloc pointers 80021 0" "alloc generic 5003 1009" \
			"alloc slice 2003 997" "alloc large 211 23" "alloc inlined 50021 10007" "alloc two 20011 20011"
	done
	tell "$1" "alloc huge 101 11"
}
work() { # NAME FIRST
	if [[ $1 == *-sampled ]]; then sampled_work "$1"; else exact_work "$1" "$2"; fi
}
# Before anybody watches: with objects that are in use already, one at least of those that show a refresh.
for name in "${names[@]}"; do
	work "$name" 3
	tell "$name" "alloc small 1 1" gc books
done
for name in "${names[@]}"; do
	told "$name"
	echo "$said" >"$tmp/$name.before"
done
list=$(for name in "${names[@]}"; do echo "${ledger_pid[$name]}"; done | paste -sd ,)
for via in "${sources[@]}"; do
	"$tools/goalloctop" -p "$list" --via "$via" -j -r 1000 0.5 >"$tmp/$via" 2>"$tmp/$via.err" &
	at_exit stop_quietly $!
done
for via in "${sources[@]}"; do
	for name in "${names[@]}"; do
		wait_for 60 refreshed "$tmp/$via" "${ledger_pid[$name]}" 1
		ok "$name, $via: it is watched" $?
	done
done

# The numbers when all has been shown: look WHEN
look() {
	local name via
	for name in "${names[@]}"; do ask "$name" books && echo "$said" >"$tmp/$name.books"; done
	for via in "${sources[@]}"; do
		for name in "${names[@]}"; do
			refresh "$tmp/$via" "${ledger_pid[$name]}"
			rows "$tmp/$via" "${ledger_pid[$name]}" >"$tmp/$name.rows.$via"
			jq -c --argjson books "$(cat "$tmp/$name.books")" --argjson before "$(cat "$tmp/$name.before")" \
				--argjson lines "$lines" --argjson rate $default_rate \
				-f "$srcdir/tests/live/ledger.jq" "$tmp/$name.rows.$via" >"$tmp/$name.$1.$via"
		done
	done
}
# same DESCRIPTION FILE EXPRESSION EXPRESSION: equal for each site, and there are sites
same() {
	local wrong
	wrong=$(jq -c "map(select(($3) != ($4))) | if length > 0 then .[] else empty end" "$2")
	[ -z "$wrong" ] && [ "$(jq length "$2")" -ge 11 ]
	local status=$?
	[ $status = 0 ] || sed 's/^/# /' <<<"${wrong:-no sites}"
	ok "$1" $status
}

for name in "${names[@]}"; do work "$name" 7; done
look busy
for name in "${names[@]}"; do tell "$name" gc; done
look collected

for name in "${names[@]}"; do
	[[ $name != *-sampled ]] || continue
	for via in "${sources[@]}"; do
		what="$name, $via" busy=$tmp/$name.busy.$via collected=$tmp/$name.collected.$via
		same "$what: allocated" "$busy" '[.allocated, .allocated_bytes]' '[.shown.alloc, .shown.alloc_bytes]'
		same "$what: before a collection nothing is freed" "$busy" '[0, .allocated, .allocated_bytes]' \
			'[.shown.freed, .shown.growth, .shown.growth_bytes]'
		same "$what: in use until then" "$busy" '[.kept_before + .allocated, .kept_bytes_before + .allocated_bytes]' \
			'[.shown.inuse, .shown.inuse_bytes]'
		same "$what: all of it is new" "$busy" '[.allocated, .allocated_bytes]' '[.shown.since_gc, .shown.since_gc_bytes]'
		same "$what: freed by then" "$collected" \
			'[.allocated - .kept + .kept_before, .allocated_bytes - .kept_bytes + .kept_bytes_before]' \
			'[.shown.freed, .shown.freed_bytes]'
		same "$what: in use after it" "$collected" '[.kept, .kept_bytes]' '[.shown.inuse, .shown.inuse_bytes]'
		same "$what: growth" "$collected" '.kept_bytes - .kept_bytes_before' .shown.growth_bytes
		same "$what: nothing is new after it" "$collected" 0 .shown.since_gc
		same "$what: survival" "$collected" true \
			'.shown.survival != null and (.kept_bytes * 100 / .all_allocated_bytes - .shown.survival | fabs) <= 0.51'
	done
	# Two tiny objects share a block of 16 bytes; others may be in one, too.
	tiny=$(jq 'map(select(.function == "main.allocTiny") | .alloc_objects // 0) | add' "$tmp/$name.rows.snapshot")
	[ "${tiny:-0}" -ge 498 ] && [ "${tiny:-0}" -le 510 ]
	ok "$name: tiny objects by their blocks: ${tiny:-0} for 997" $?
	# Callers of one line, lines of one function.
	for via in "${sources[@]}"; do
		equal "$name, $via: sites have files" \
			"$(jq -c 'map(select(.function == "main.allocSmall") | .file | sub(".*/"; "")) | unique' "$tmp/$name.rows.$via")" \
			'["ledger.go"]'
	done
done

# What sampling may do to a number is known: each site of each program is five standard deviations off at most, and
# all of them together are as often too high as too low. The runtime may have an object of its own at a site, of another
# size (what a goroutine waits with for the collector, say); where nothing of ours is kept, that is no fault.
for name in "${names[@]}"; do
	[[ $name == *-sampled ]] || continue
	for via in "${sources[@]}"; do
		jq -c '.[] | select(.allocated_variance > 0) |
			. + {off: ((.shown.alloc_bytes - .allocated_bytes) / (.allocated_variance | sqrt)),
			     kept_off: (if .kept_variance == 0
					then (if .shown.inuse_bytes > 1.25 * .shown.inuse * .allocated_bytes / .allocated then 0
					      else .shown.inuse_bytes end)
					else (.shown.inuse_bytes - .kept_bytes) / (.kept_variance | sqrt) end)}' \
			"$tmp/$name.collected.$via" >"$tmp/$name.off.$via"
		wrong=$(jq -c 'select((.off | fabs) > 5 or (.kept_off | fabs) > 5)' "$tmp/$name.off.$via")
		[ -z "$wrong" ] && [ "$(wc -l <"$tmp/$name.off.$via")" -ge 7 ]
		status=$?
		[ $status = 0 ] || sed 's/^/# /' <<<"${wrong:-no sites}"
		ok "$name, $via: within what sampling does" $status
	done
done
mean=$(cat "$tmp"/*.off.snapshot | jq -s 'map(.off) | add / (length | sqrt)')
jq -en "($mean | fabs) <= 5" >/dev/null
ok "all of them together are neither too high nor too low ($mean standard deviations)" $?

# Both sources have seen the same samples. At the runtime's own rate each interval is rounded for itself.
for name in "${names[@]}"; do
	[[ " ${sources[*]} " == *" events "* ]] || continue
	jq -c -n --slurpfile a "$tmp/$name.collected.snapshot" --slurpfile b "$tmp/$name.collected.events" \
		'[$a[0], $b[0]] | transpose | map({site: .[0].site, one: .[0].shown, other: .[1].shown})' >"$tmp/both"
	near='def near($a; $b): ($a - $b | fabs) <= 40;
		map(select((near(.one.alloc; .other.alloc) and near(.one.freed; .other.freed) and
			    near(.one.inuse; .other.inuse)) | not))'
	equal "$name: both sources say the same" "$(jq -c "$near" "$tmp/both")" "[]"
done

# The runtime's own profile of the same instant, to the object, whatever the rate.
for name in "${names[@]}"; do
	ask "$name" "profile $tmp/profile.gz"
	samples "$tmp/profile.gz" | awk '$1 == "sample" && $7 ~ /^(main\.(alloc|newInlined|\(\*shelf)|container\/list)/ {
		sub(/\[go\.shape\..*\]\|/, "[...]|", $7)
		for (i = 2; i <= 5; i++) sum[$7, i] += $i; site[$7]
	} END { for (s in site) print s, sum[s, 2], sum[s, 3], sum[s, 4], sum[s, 5] }' | sort >"$tmp/runtime"
	for via in "${sources[@]}"; do
		jq -r 'map(select(.function | test("^(main.(alloc|newInlined|\\(\\*shelf)|container/list)"))) |
			group_by([.function, .line]) | .[] | last | select(.inuse_objects > 0) |
			"\(.function)|\(.file):\(.line) \(.total_alloc_objects) \(.total_alloc_bytes) " +
			"\(.inuse_objects) \(.inuse_bytes)"' "$tmp/$name.rows.$via" | sort >"$tmp/shown"
		comm -23 "$tmp/shown" "$tmp/runtime" >"$tmp/wrong"
		[ ! -s "$tmp/wrong" ] && [ "$(wc -l <"$tmp/shown")" -ge 6 ]
		status=$?
		[ $status = 0 ] || { sed 's/^/# shown /' "$tmp/wrong" && comm -13 "$tmp/shown" "$tmp/runtime" | sed 's/^/# runtime /'; }
		ok "$name, $via: as in the runtime's own profile" $status
	done
done
