# From lines "PROGRAM VERDICT PID" to a table; exit status 0 if all VICTIMS are good.
{
	if (!($1 in kills)) order[++n] = $1
	kills[$1]++
	if ($2 == "good") { good[$1]++; all_good++ } else wrong[$1] = wrong[$1] " " $2
}
END {
	printf "\n%-24s %7s %8s\n", "program", "killed", "profiles"
	for (i = 1; i <= n; i++)
		printf "%-24s %7d %8d%s\n", order[i], kills[order[i]], good[order[i]], wrong[order[i]]
	printf "%-24s %7d %8d\n", "all", NR, all_good
	exit !(NR == victims && all_good == victims)
}
