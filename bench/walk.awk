# Lines "WHO BUCKETS READ NANOSECONDS LOST": medians of nanoseconds for a bucket, and their ratio.
{
	size[$2] = 1
	n = ++count[$1, $2]
	cost[$1, $2, n] = $4 / ($3 + $5)
	lost[$1, $2] += $5
}
function median(who, buckets,    n, i, k, t) {
	n = count[who, buckets]
	for (i = 1; i <= n; i++)
		v[i] = cost[who, buckets, i]
	for (i = 2; i <= n; i++)
		for (k = i; k > 1 && v[k] < v[k - 1]; k--) {
			t = v[k]
			v[k] = v[k - 1]
			v[k - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
END {
	printf "%10s  %12s  %12s  %7s  %s\n", "buckets", "bare us each", "oomprof", "ratio", "lost (bare, oomprof)"
	split("10000 100000 1000000", order)
	for (i = 1; i <= 3; i++) {
		b = order[i]
		if (!(b in size))
			continue
		bare = median("bare", b)
		ours = median("oomprof", b)
		printf "%10d  %12.3f  %12.3f  %7.2f  %d, %d\n", b, bare / 1000, ours / 1000, ours / bare, lost["bare", b], lost["oomprof", b]
	}
}
