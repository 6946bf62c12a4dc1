# From lines "kill|live BUCKETS MICROSECONDS READ CUT UNREADABLE LOST FILE_BYTES" to a table.
# Sorts the figures of one column: sets least and most, returns the median.
function median(key, field,    all, n, i, j, value) {
	n = runs[key]
	for (i = 1; i <= n; i++) {
		value = figure[key, i, field]
		for (j = i - 1; j > 0 && all[j] > value; j--)
			all[j + 1] = all[j]
		all[j + 1] = value
	}
	least = all[1]
	most = all[n]
	return n % 2 ? all[(n + 1) / 2] : (all[n / 2] + all[n / 2 + 1]) / 2
}
function worst(key, field) {
	median(key, field)
	return most
}
{
	key = $1 " " $2
	if (!(key in runs)) order[++keys] = key
	n = ++runs[key]
	for (i = 3; i <= 8; i++) figure[key, n, i] = $i + 0
}
END {
	print "\nFrom the kill to the file (kill), and a whole run of oomprof -p (live). Medians; times also least-most;\nof buckets cut, unreadable and lost the worst run's."
	printf "%-12s %26s %9s %7s %11s %7s %10s\n", "", "ms", "read", "cut", "unreadable", "lost", "file KiB"
	for (i = 1; i <= keys; i++) {
		key = order[i]
		time = median(key, 3) / 1000
		range = sprintf("%.1f (%.1f-%.1f)", time, least / 1000, most / 1000)
		printf "%-12s %26s %9d %7d %11d %7d %10.1f\n", key, range, median(key, 4), worst(key, 5), worst(key, 6), \
			worst(key, 7), median(key, 8) / 1024
	}
}
