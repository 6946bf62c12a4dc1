# From lines "without|with SIGNAL_NS PROCESS_NS" to a table of medians.
function median(who, what,    all, n, i, j, value) {
	n = runs[who]
	for (i = 1; i <= n; i++) {
		value = figure[who, i, what]
		for (j = i - 1; j > 0 && all[j] > value; j--)
			all[j + 1] = all[j]
		all[j + 1] = value
	}
	least = all[1]
	return n % 2 ? all[(n + 1) / 2] : (all[n / 2] + all[n / 2 + 1]) / 2
}
function row(name, what,    a, b, least_a) {
	a = median("without", what)
	least_a = least
	b = median("with", what)
	printf "%-22s %8d (%6d) %8d (%6d) %8d %8.2f\n", name, a, least_a, b, least, b - a, b / a
}
{ n = ++runs[$1]; figure[$1, n, 1] = $2; figure[$1, n, 2] = $3 }
END {
	print "\nNanoseconds of CPU time, medians, and the least in parentheses."
	printf "%-22s %17s %17s %8s %8s\n", "", "without oomprof", "with", "more", "ratio"
	row("a signal, handled", 1)
	row("fork, exec and exit", 2)
}
