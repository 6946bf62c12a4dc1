# The figures that bench/memrate has gathered, as tables.
function sorted(list, n, i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]
			list[j] = list[j - 1]
			list[j - 1] = t
		}
}
# The numbers in TEXT, sorted: how many.
function numbers(text, list, n, i) {
	n = split(text, list, " ")
	for (i = 1; i <= n; i++)
		list[i] += 0
	sorted(list, n)
	return n
}
function at(list, n, share) {
	return n ? list[int((n - 1) * share + 0.5) + 1] : 0
}
function abs(x) {
	return x < 0 ? -x : x
}
FILENAME ~ /overhead$/ {
	wall[$1, $2, $3] = $4
	cpu[$1, $2, $3] = $5
	own[$1, $2, $3] = $7 - $6
	works[$1]; probes[$2]; if ($3 + 1 > rounds) rounds = $3 + 1
}
FILENAME ~ /growth$/ { errors[$1] = errors[$1] " " 100 * $2 }
FILENAME ~ /counted$/ { counts[$1] = counts[$1] " " 100 * $2 }
FILENAME ~ /foretold$/ { foretold[$1 " " ($2 >= 5 ? 5 : 1)] = foretold[$1 " " ($2 >= 5 ? 5 : 1)] " " $3 }
# Each round's ratio to that round's run without a probe; their median, and the middle half.
function ratio_row(work, probe, figures, r, n, list) {
	n = 0
	for (r = 0; r < rounds; r++)
		if (((work, probe, r) in figures) && figures[work, "none", r] > 0)
			list[++n] = 100 * (figures[work, probe, r] / figures[work, "none", r] - 1)
	sorted(list, n)
	return sprintf("%+7.1f (%+6.1f ... %+6.1f)", at(list, n, 0.5), at(list, n, 0.25), at(list, n, 0.75))
}
# The least of all rounds' CPU times beside the least without a probe: what others do on the machine disturbs it least.
function least(work, probe, r, x) {
	for (r = 0; r < rounds; r++)
		if (((work, probe, r) in cpu) && (!x || cpu[work, probe, r] < x))
			x = cpu[work, probe, r]
	return x
}
function least_row(work, probe) {
	return sprintf("%+6.1f", 100 * (least(work, probe) / least(work, "none") - 1))
}
# The probe's own CPU time, in % of one CPU.
function share(work, probe, r, took, time) {
	for (r = 0; r < rounds; r++) {
		took += own[work, probe, r]
		time += wall[work, probe, r]
	}
	return time > 0 ? sprintf("%6.1f", 100 * took / time) : "-"
}
END {
	split("faults slab compile", order)
	split("memrate every bpftrace", rows)
	printf "what it costs, in %%: median of %d rounds (and the middle half)\n", rounds
	printf "%-8s %-9s %6s %28s %28s %8s\n", "workload", "probe", "least", "CPU time", "wall time", "its own"
	for (w = 1; w in order; w++)
		for (p = 1; p in rows; p++)
			if ((order[w] in works) && (rows[p] in probes))
				printf "%-8s %-9s %6s %28s %28s %8s\n", order[w], rows[p],
					least_row(order[w], rows[p]), ratio_row(order[w], rows[p], cpu),
					ratio_row(order[w], rows[p], wall), share(order[w], rows[p])
	print "growth, error in % of the true rate, per interval of a second"
	printf "%-8s %10s %10s %10s\n", "kind", "median", "least", "most"
	split("anon file shmem", kinds)
	for (k = 1; k in kinds; k++) {
		n = numbers(errors[kinds[k]], list)
		if (n)
			printf "%-8s %+10.2f %+10.2f %+10.2f\n", kinds[k], at(list, n, 0.5), list[1], list[n]
	}
	print "pages counted in windows, error in % of page faults, per second (8 of 10 lie between the middle two)"
	printf "%-13s %8s %8s %8s %8s %8s\n", "the program", "median", "least", "10 %", "90 %", "most"
	split("all-the-time in-steps", programs)
	for (k = 1; k in programs; k++) {
		n = numbers(counts[programs[k]], list)
		if (n)
			printf "%-13s %+8.1f %+8.1f %+8.1f %+8.1f %+8.1f\n", programs[k], at(list, n, 0.5), list[1],
				at(list, n, 0.1), at(list, n, 0.9), list[n]
	}
	print "the kill, foretold: error in seconds (late: +)"
	printf "%-8s %-14s %5s %8s %8s %8s\n", "kind", "before it", "n", "median", "least", "most"
	for (key in foretold) {
		n = numbers(foretold[key], list)
		split(key, part, " ")
		printf "%-8s %-14s %5d %+8.2f %+8.2f %+8.2f\n", part[1], part[2] == 5 ? "5 s or more" : "0.5 to 5 s", n,
			at(list, n, 0.5), list[1], list[n]
	}
}
