#!/usr/bin/env bash
# Programs that nobody here wrote or built: servers and command-line tools in Go from several suites of Debian's,
# of at least three generations of Go, stripped as packages are. What --check says of them is what a kill
# gives, and a server's profile agrees with what its own /debug/pprof/heap said just before.
. "${srcdir:-.}/tests/live/lib.sh"
. "$srcdir/tests/live/pprof.sh"
can_trace
OOMTOOLS_GO_VERSIONS=1.19 find_toolchains # for pprof
newest=forky,sid
packages=$("$workloads/go-packages" bookworm/{nats-server,fzf,prometheus} trixie/{nats-server,minify,age,etcd-server} \
	$newest/{nats-server,fzf,caddy} 2>"$tmp/log") || skip_all "no packages: $(tail -n 1 "$tmp/log")"
cd "$tmp" || exit

# program SUITE/PACKAGE PATH
program() { echo "$(awk -v name="$1" '$1 == name { print $2 }' <<<"$packages")/$2"; }
free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return; }
	done
}
http() { # PORT METHOD PATH [FILE]: the body of the answer; FILE is that of the request
	local status
	exec 9<>"/dev/tcp/127.0.0.1/$1" || return
	printf '%s %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\nContent-Length: %s\r\n\r\n' "$2" "$3" "$1" \
		"$(stat -c %s "${4:-/dev/null}")" >&9
	cat "${4:-/dev/null}" >&9
	LC_ALL=C sed '1!{1,/^\r$/d};1{/^HTTP[^ ]* 200/!q1;d}' <&9
	status=$?
	exec 9>&-
	return $status
}
answers() { http "$1" GET "$2" >"$tmp/answer" 2>/dev/null && [ -s "$tmp/answer" ]; }

start watch oomprof -j -n 0 -o "$tmp/profiles"
watch=$pid
generations=''
# checked NAME ARGUMENT VERDICT: what --check says; the verdict is in $verdict
checked() {
	"$tools/oomprof" -j --check "$2" >"$tmp/checked"
	verdict=$(unless_enabled "$3" "$tmp/checked")
	equal "$1" "$(json "$tmp/checked" verdict)" "$verdict"
}
# runs NAME WANT INPUT PROGRAM ARGUMENT...: check the file, and start it in a cgroup; sets $cgroup and $victim
runs() {
	local name=$1 want=$2 input=$3
	shift 3
	checked "$name: the file" "$1" "$want"
	matches "$name: Go's version" "$(json "$tmp/checked" go_version)" '^go1\.[0-9]+'
	generations+=${BASH_REMATCH[0]}$'\n'
	equal "$name: stripped" "$(json "$tmp/checked" stripped)" true
	cgroup=$(memcg_make package $((256 << 20)))
	# shellcheck disable=SC2016 # for the inner shell
	memcg_start "$cgroup" bash -c 'exec "$@" <"$0"' "$input" "$@" >"$tmp/log" 2>&1
	victim=$!
	at_exit stop_quietly "$victim"
}
# dies NAME OUTCOME: the kernel kills it; the event is in $tmp/event
dies() {
	check "$1: killed" squeeze "$cgroup" "$victim"
	wait "$victim" 2>/dev/null
	memcg_remove "$cgroup"
	until_line 60 "$tmp/watch.out" "\"pid\":$victim," >"$tmp/event"
	equal "$1: what the kill gave" "$(json "$tmp/event" outcome)" "$2"
}

# follows PUBLISHED KILLED: each sample that the runtime has published must be in the later profile, with the
# same functions, files and lines, and no less allocated or freed since (but for a rounding). Samples of which
# no allocation was published have no size, and are left out.
follows() {
	awk '
	$1 != "sample" { next }
	{ key = $0; sub(/^sample( -?[0-9]+)+ /, "", key) }
	FNR == NR {
		if ($2 > 0) { n++; for (i = 2; i <= 5; i++) before[key, i] += $i; keys[key] }
		published += $5
		next
	}
	{ for (i = 2; i <= 5; i++) after[key, i] += $i; there[key]; killed += $5 }
	END {
		for (key in keys) {
			if (!(key in there)) { print "# missing: " key; bad++; continue }
			for (i = 2; i <= 3; i++) {
				freed = before[key, i] - before[key, i + 2]
				if (after[key, i] + 8 < before[key, i] || after[key, i] - after[key, i + 2] + 8 < freed) {
					print "# less than before: " key
					bad++
				}
			}
		}
		printf "# %d published samples, %.1f MiB in use; at the kill %.1f MiB\n", n, published / 1048576, killed / 1048576
		exit bad > 0 || n == 0
	}' "$1" "$2"
}
# server NAME PORT LOAD COMMAND...: PORT is where it serves /debug/pprof/heap, LOAD a command that keeps it busy
server() {
	local name=$1 port=$2 load=$3
	shift 3
	runs "$name" written /dev/null "$@"
	wait_for 120 answers "$port" /debug/pprof/heap
	check "$name: works" "$load" || tail -n 5 "$tmp/log"
	http "$port" GET '/debug/pprof/heap?gc=1' >"$tmp/published.pb.gz"
	kill -STOP "$victim"
	samples "$tmp/published.pb.gz" | sort >"$tmp/published"
	checked "$name: the process" "$victim" written
	"$tools/oomprof" -j -n 0 -o "$tmp/profiles" -p "$victim" >"$tmp/living"
	equal "$name: as many buckets as foretold" "$(json "$tmp/checked" buckets)" "$(json "$tmp/living" buckets_read)"
	samples "$(json "$tmp/living" file)" | sort >"$tmp/samples"
	follows "$tmp/published" "$tmp/samples"
	ok "$name: alive, all that it publishes is in its profile" $?
	dies "$name" written
	equal "$name: complete" "$(json "$tmp/event" walk_complete)" true
	samples "$(json "$tmp/event" file)" | sort >"$tmp/killed"
	follows "$tmp/published" "$tmp/killed"
	ok "$name: killed, all that it published is in its profile" $?
	check "$name: stopped before, it is the same alive and killed" cmp "$tmp/samples" "$tmp/killed"
}

load_nats() { # a client with many subscriptions, which stays
	(
		exec 8<>"/dev/tcp/127.0.0.1/$client_port" || exit
		{
			printf 'CONNECT {"verbose":false}\r\n'
			seq 30011 | sed 's/.*/SUB some.subject.&.of.many &\r/'
			printf 'PING\r\n'
		} >&8
		sed '/^PONG/q' <&8 && : >"$tmp/subscribed"
		sleep 600 9>&-
	) >/dev/null 2>&1 &
	at_exit stop_tree $!
	wait_for 120 test -e "$tmp/subscribed" && rm "$tmp/subscribed"
}
stop_tree() { # PID: it and what it has started
	local child
	for child in $(ps -o pid= --ppid "$1") "$1"; do kill "$child" 2>/dev/null; done
	true
}
load_prometheus() {
	for _ in {1..20}; do
		http "$port" GET /metrics && http "$port" GET '/api/v1/query?query=up' || return
	done >/dev/null
}
load_etcd() {
	local value i
	value=$(head -c 150000 /dev/zero | base64 -w0)
	for i in {1..23}; do
		echo "{\"key\":\"$(base64 <<<"key $i")\",\"value\":\"$value\"}" >"$tmp/put"
		http "$port" POST /v3/kv/put "$tmp/put" || return
	done >/dev/null
}
load_caddy() {
	for _ in {1..53}; do http "$client_port" GET / || return; done >/dev/null
}

for suite in bookworm trixie $newest; do
	port=$(free_port) client_port=$(free_port)
	server "nats-server of $suite" "$port" load_nats "$(program "$suite/nats-server" usr/sbin/nats-server)" \
		-a 127.0.0.1 -p "$client_port" --profile "$port"
done
port=$(free_port)
echo "scrape_configs: [{job_name: self, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:$port']}]}]" >prometheus.yml
server "prometheus of bookworm" "$port" load_prometheus "$(program bookworm/prometheus usr/bin/prometheus)" \
	--config.file=prometheus.yml --storage.tsdb.path="$tmp/tsdb" --web.listen-address="127.0.0.1:$port"
port=$(free_port)
server "etcd of trixie" "$port" load_etcd "$(program trixie/etcd-server usr/bin/etcd)" --data-dir "$tmp/etcd" --enable-pprof \
	--listen-client-urls "http://127.0.0.1:$port" --advertise-client-urls "http://127.0.0.1:$port" \
	--listen-peer-urls "http://127.0.0.1:$(free_port)"
port=$(free_port) client_port=$(free_port)
cat >caddy.json <<-END
	{"admin": {"listen": "127.0.0.1:$port"}, "apps": {"http": {"servers": {"one": {"listen": ["127.0.0.1:$client_port"],
		"routes": [{"handle": [{"handler": "static_response", "body": "hello"}]}]}}}}}
END
HOME=$tmp XDG_CONFIG_HOME=$tmp XDG_DATA_HOME=$tmp
export HOME XDG_CONFIG_HOME XDG_DATA_HOME
server "caddy of $newest" "$port" load_caddy "$(program $newest/caddy usr/bin/caddy)" run --config caddy.json

# Command-line tools, in which nothing refers to the profile.
holds() { # PID KIB: has it so much memory of its own?
	[ "$(awk '/^RssAnon/ { print $2 }' "/proc/$1/status")" -gt "$2" ]
}
tool() { # NAME KIB INPUT PROGRAM ARGUMENT...: it has so much memory some time
	local name=$1 kib=$2
	shift 2
	if [ "$1" = endless ]; then
		(exec yes 'some line of some length' >endless) 2>/dev/null &
		at_exit stop_quietly $!
	fi
	runs "$name" profiling_off_by_linker "$@"
	wait_for 120 holds "$victim" "$kib"
	kill -STOP "$victim"
	checked "$name: the process" "$victim" profiling_off_by_linker
	dies "$name" "$verdict"
}
# What they read: lines without end, or nothing as yet.
mkfifo endless nothing
(exec sleep 600 >nothing) &
at_exit stop_quietly $!
for suite in bookworm $newest; do
	tool "fzf of $suite" 20000 endless "$(program "$suite/fzf" usr/bin/fzf)" --filter nothing
done
tool "minify of trixie" 20000 endless "$(program trixie/minify usr/bin/minify)" --type js
age=$(program trixie/age usr/bin/age)
recipient=$("$age-keygen" 2>/dev/null | sed -n 's/^# public key: //p')
tool "age of trixie, position independent" 1000 nothing "$age" -r "$recipient"
equal "that one is" "$(json "$tmp/checked" position_independent)" true

stop "$watch"
equal "the watcher ends well" "$status" 0
generations=$(sort -u <<<"$generations" | grep .)
echo "# generations of Go: ${generations//$'\n'/ }"
[ "$(wc -l <<<"$generations")" -ge 3 ]
ok "three generations of Go at least" $?
