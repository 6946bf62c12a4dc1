#!/usr/bin/env bash
# The man pages: without warnings, with the sections that such pages have, and with the options of --help.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
. "$srcdir/tests/tools.sh"

sections="NAME SYNOPSIS DESCRIPTION REQUIREMENTS OPTIONS EXAMPLES FIELDS EXIT_STATUS OVERHEAD BUGS SOURCE OS
	STABILITY AUTHOR SEE_ALSO"

command -v mandoc >/dev/null || skip_all "no mandoc (apt install mandoc)"
lint() {
	mandoc -T lint -W warning "$@"
}
printf '.TH x 8 "2026-11-22"\n.SH NAME\nx \\- y\n.XX\n' >"$tmp/bad.8"
! lint "$tmp/bad.8" >/dev/null 2>&1
ok "a faulty page is noticed" $?

for page in "$srcdir"/man/*.[78]; do
	check "${page##*/}: no warnings" lint "$page"
	[[ $page == *.8 ]] || continue
	found=$(sed -n 's/^\.SH "*\([^"]*\)"*$/\1/p' "$page" | tr ' ' _)
	# Who works on a screen, or takes commands, has a section more.
	equal "${page##*/}: the sections, in their order" "$(grep -vxE "(INTERACTIVE|CONSOLE)_COMMANDS|POLICIES" <<<"$found" | xargs)" "$(echo $sections)"
done

# section PAGE NAME: that section as plain text, without the backslashes of man pages
section() {
	awk -v name="$2" '/^\.SH / { inside = ($0 == ".SH " name); next } inside' "$1" | sed 's/\\-/-/g'
}
# json_terms PAGE: what its subsection JSON explains: keys, and whose files oomkill has read for some
json_terms() {
	awk '/^\.S[SH] / { inside = ($0 == ".SS JSON") } term { print } { term = inside && $0 == ".TP" }' "$1" | tr -d ' ' | tr ',' '\n'
}
for tool in $tools oomtools-compile; do
	page=$srcdir/man/$tool.8
	equal "$tool.8: OPTIONS are those of --help, with their arguments" \
		"$(section "$page" OPTIONS | grep -E '^--?[a-zA-Z-]+' | sort)" \
		"$(tool_options "$tool" | sort)"
	equal "$tool.8: SYNOPSIS has each option once, by its short name if there is one" \
		"$(section "$page" SYNOPSIS | grep -oE '\[-[^]]*\]|-o IMAGE' | tr -d '[]' | sort)" \
		"$(tool_options "$tool" | sed 's/^\(-.\), --[a-z-]*/\1/' | tr -d '[]' | sort)"
	keys=$(tool_json_keys "$tool" | while read -r key; do
		section "$page" FIELDS | grep -qw -- "$key" || echo "$key"
	done)
	equal "$tool.8: FIELDS tells of each JSON key" "$keys" ""
	equal "$tool.8: JSON tells of no key that there is not" \
		"$(json_terms "$page" | grep -vxE "KEY_hex|docker|containerd|cri-o|podman|pods" | grep -vxF -f <(tool_json_keys "$tool"))" ""
done
