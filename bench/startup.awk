# From lines "NAME HOW WALL_US CPU_US PEAK_KB RSS_KB PSS_KB ANON_KB KERNEL_KB" to a table.
function sorted(name, field, into,    i, j, value) {
	for (i = 1; i <= runs[name]; i++) {
		value = figure[name, i, field]
		for (j = i - 1; j > 0 && into[j] > value; j--)
			into[j + 1] = into[j]
		into[j + 1] = value
	}
}
function median(name, field,    all, n) {
	sorted(name, field, all)
	n = runs[name]
	return n % 2 ? all[(n + 1) / 2] : (all[n / 2] + all[n / 2 + 1]) / 2
}
function least(name, field,    all) {
	sorted(name, field, all)
	return all[1]
}
function ms(name, field) {
	return sprintf("%7.1f (%6.1f)", median(name, field) / 1000, least(name, field) / 1000)
}
function mib(name, field) {
	return median(name, field) ? sprintf("%7.2f", median(name, field) / 1024) : sprintf("%7s", "-")
}
function ratio(name, field, of) {
	return of in runs && median(of, field) > 0 ? sprintf("%6.2f", median(name, field) / median(of, field)) : "     -"
}
function target(what, got, most) {
	printf "  %-66s %6.2f  %s\n", what, got, got + 0 <= most ? "met" : "MISSED"
}

$2 != "ready" && $2 != "last" { failed[$1 " " $2]++; next }
{
	if (!($1 in runs)) order[++programs] = $1
	n = ++runs[$1]
	how[$1] = $2
	for (i = 3; i <= 9; i++) figure[$1, n, i] = $i
}
END {
	title["ours-cold"] = "oomkill, image cache empty"
	title["ours-warm"] = "oomkill, image cached"
	title["bpftrace"] = "bpftrace one-liner"
	title["bcc"] = "bcc oomkill (Python)"
	title["libbpf-oomkill"] = "libbpf-tools oomkill"
	title["libbpf-exitsnoop"] = "libbpf-tools exitsnoop"
	print "\nFrom exec to attached: median (least). Memory: medians, MiB."
	printf "%-28s %16s %16s %7s %7s %7s %7s %7s\n", "", "wall ms", "CPU ms", "peak", "RSS", "PSS", "anon", "kernel"
	for (i = 1; i <= programs; i++) {
		p = order[i]
		printf "%-28s %s %s %s %s %s %s %s%s\n", title[p], ms(p, 3), ms(p, 4), mib(p, 5), mib(p, 6), \
			mib(p, 7), mib(p, 8), mib(p, 9), how[p] == "last" ? " *" : ""
		if (how[p] == "last") starred = 1
	}
	if (starred)
		print "* measured until its kprobe was refused: this kernel has none. Attaching would come on top."
	for (f in failed)
		print "Not counted: " f ", " failed[f] " times"

	print "\nOurs divided by the peer's (medians)."
	printf "%-28s %11s %11s %11s %11s %11s\n", "", "cold wall", "cold CPU", "warm wall", "warm CPU", "warm RSS"
	for (i = 1; i <= programs; i++) {
		p = order[i]
		if (p ~ /^ours/) continue
		printf "%-28s %11s %11s %11s %11s %11s\n", title[p], ratio("ours-cold", 3, p), ratio("ours-cold", 4, p), \
			ratio("ours-warm", 3, p), ratio("ours-warm", 4, p), ratio("ours-warm", 6, p)
	}

	print "\nTargets:"
	if ("ours-cold" in runs && "bpftrace" in runs)
		target("cold wall time / bpftrace's: at most 0.50", ratio("ours-cold", 3, "bpftrace"), 0.5)
	if ("ours-cold" in runs && "bcc" in runs)
		target("cold wall time / bcc's: at most 0.10", ratio("ours-cold", 3, "bcc"), 0.1)
	if ("ours-warm" in runs && "libbpf-exitsnoop" in runs)
		target("warm wall time / libbpf-tools exitsnoop's: at most 1.00", ratio("ours-warm", 3, "libbpf-exitsnoop"), 1)
	if ("ours-warm" in runs) {
		target("steady RSS, image cached, MiB: at most 4", mib("ours-warm", 6), 4)
		target("anonymous memory of it, MiB: at most 0.5", mib("ours-warm", 8), 0.5)
	}
	if ("ours-cold" in runs) {
		target("steady RSS, image just compiled, MiB: at most 4", mib("ours-cold", 6), 4)
		target("anonymous memory of it, MiB: at most 0.5", mib("ours-cold", 8), 0.5)
	}
}
