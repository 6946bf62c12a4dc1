#!/usr/bin/env bash
# quickstart, demo and summary as far as they go without installing or building anything.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"

status_of() { # COMMAND...: its status; output to $tmp/out and $tmp/err
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	echo $?
}
quickstart=$srcdir/quickstart
equal "quickstart --help: status" "$(status_of "$quickstart" --help)" 0
matches "quickstart --help: standard output" "$(cat "$tmp/out")" "^Usage: ./quickstart demo"
for bad in "" "no-such-thing" "demo check" "--no-such-option"; do
	# shellcheck disable=SC2086
	equal "quickstart $bad: status" "$(status_of "$quickstart" $bad)" 2
	equal "quickstart $bad: nothing on standard output" "$(cat "$tmp/out")" ""
done

# As a user who is not root: the scripts are read from a copy that anyone may read.
mkdir -m 755 "$tmp/copy"
cp -r "$quickstart" "$srcdir/demo" "$tmp/copy/"
mkdir "$tmp/copy/tests"
cp "$srcdir/tests/memcg.sh" "$tmp/copy/tests/"
chmod -R a+rX "$tmp" && chmod 755 "$tmp"
if [ "$(id -u)" = 0 ]; then
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
else
	as_user=()
fi
for command in "quickstart demo" "quickstart check" "demo/run $builddir"; do
	# shellcheck disable=SC2086
	equal "$command without root: status" "$(cd "$tmp/copy" && status_of "${as_user[@]}" ./$command)" 3
	equal "$command without root: one line says so" "$(grep -c "needs root" "$tmp/err"):$(wc -l <"$tmp/err")" 1:1
done

mkdir "$tmp/results"
printf ':test-result: PASS\n:test-result: PASS\n:global-test-result: PASS\n' >"$tmp/results/a.trs"
equal "summary: all passed" "$("$srcdir/tests/summary" "$tmp/results")" "2 passed, 0 failed, 0 skipped"
printf ':test-result: SKIP\n:test-result: FAIL\n:test-result: ERROR\n' >"$tmp/results/b c.trs"
printf 'not ok 1 - x\nFAIL: tests/b 2 - x\nSKIP: tests/b 1 # SKIP no y\nERROR: tests/b - exited\n' >"$tmp/results/b c.log"
equal "summary: a failure fails" "$(status_of "$srcdir/tests/summary" "$tmp/results")" 1
equal "summary: the last line" "$(tail -n 1 "$tmp/out")" "2 passed, 2 failed, 1 skipped"
equal "summary: failed and skipped tests are named" "$(head -n -1 "$tmp/out" | sort)" \
	"$(printf '%s\n' 'ERROR: tests/b - exited' 'FAIL: tests/b 2 - x' 'SKIP: tests/b 1 # SKIP no y')"
mkdir "$tmp/none"
equal "summary: no test at all is a failure" "$(status_of "$srcdir/tests/summary" "$tmp/none")" 1
equal "summary: and says so" "$(cat "$tmp/out")" "0 passed, 0 failed, 0 skipped"
