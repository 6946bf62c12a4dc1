# From lines "flat ROUND WAY OBJECTS WALL CPU", "server ROUND WAY REQUESTS WALL CPU P50 P99" (ns) and
# "tool NAME REFRESHES CPU" to tables. Ratios are to "none" of the same round.
function sort_into(key, into,    i, j, value) {
	for (i = 1; i <= count[key]; i++) {
		value = value_of[key, i]
		for (j = i - 1; j > 0 && into[j] > value; j--)
			into[j + 1] = into[j]
		into[j + 1] = value
	}
}
# The median, the least and the most.
function spread(key, format,    all, n) {
	sort_into(key, all)
	n = count[key]
	return n == 0 ? "-" : sprintf(format " (" format " " format ")",
		n % 2 ? all[(n + 1) / 2] : (all[n / 2] + all[n / 2 + 1]) / 2, all[1], all[n])
}
function add(key, value) { value_of[key, ++count[key]] = value }
function figure(what, round, way, value) {
	if (way == "none")
		base[what, round] = value
	add(what "," way, value)
	add(what "/," way, value / base[what, round])
}
!($3 in seen) && $1 != "tool" { seen[$3]; ways[++n] = $3 }
$1 == "flat" { figure("wall", $2, $3, $5 / $4); figure("cpu", $2, $3, $6 / $4) }
$1 == "server" {
	figure("requests", $2, $3, $4 * 1e9 / $5)
	figure("each", $2, $3, $6 / $4 / 1e3)
	figure("p50", $2, $3, $7 / 1e3)
	figure("p99", $2, $3, $8 / 1e3)
}
$1 == "tool" { tool[++tools] = $2; refresh[tools] = $4 / $3 / 1e6 }
END {
	print "\nallocating flat out: median (least most)"
	printf "%-14s %28s %28s %25s\n", "", "ns for each allocation", "CPU ns for each", "CPU, ratio"
	for (i = 1; i <= n; i++)
		printf "%-14s %28s %28s %25s\n", ways[i], spread("wall," ways[i], "%.1f"),
			spread("cpu," ways[i], "%.1f"), spread("cpu/," ways[i], "%.3f")
	print "\nserving HTTP"
	printf "%-14s %22s %20s %24s %24s %22s\n", "", "requests/s, ratio", "CPU us for each", "CPU, ratio",
		"p50 us, ratio", "p99 us, ratio"
	for (i = 1; i <= n; i++)
		printf "%-14s %22s %20s %24s %24s %22s\n", ways[i], spread("requests/," ways[i], "%.2f"),
			spread("each," ways[i], "%.0f"), spread("each/," ways[i], "%.3f"),
			spread("p50/," ways[i], "%.2f"), spread("p99/," ways[i], "%.2f")
	print "\ngoalloctop itself, at 1 s: sites,how"
	for (i = 1; i <= tools; i++)
		printf "%-24s %8.2f ms of CPU a refresh, %6.2f %% of a CPU\n", tool[i], refresh[i], refresh[i] / 10
}
