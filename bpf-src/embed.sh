#!/bin/sh
# embed.sh bpf-src/NAME.bpf.c: print a C file that holds the text as the string NAME_text (what
# `tool --ebpf` prints and what is compiled), with the headers of bpf-src that it includes by "..."
# joined in, each once; and NAME_lines, which says where each line came from (lib/bpf/source_map.h).
# #line would do that, too, but then the verifier's log no longer quotes the source.
set -eu
[ $# = 1 ] || {
	echo "usage: embed.sh NAME.bpf.c" >&2
	exit 2
}
name=$(basename "$1" .bpf.c | tr -c 'A-Za-z0-9_\n' _)
exec awk -v name="$name" -v top="$1" -v dir="$(dirname "$0")" '
# The name that people know a file by: from the top of the tree.
function shown(path) {
	while (match(path, /(^|\/)bpf-src\/.*bpf-src\//))
		path = substr(path, RSTART + (substr(path, RSTART, 1) == "/" ? 9 : 8))
	if (match(path, /(^|\/)bpf-src\//))
		return substr(path, RSTART + (substr(path, RSTART, 1) == "/"))
	sub(/.*\//, "", path)
	return path
}
function put(line,    parts, n, i) {
	gsub(/\\/, "&&", line)
	gsub(/"/, "\\\\&", line)
	gsub(/\?/, "\\\\&", line) # no trigraphs
	# Not by gsub(): what a backslash before a t stands for there differs from awk to awk.
	n = split(line, parts, /\t/)
	line = n ? parts[1] : ""
	for (i = 2; i <= n; i++)
		line = line "\\t" parts[i]
	print "\t\"" line "\\n\""
	lines++
}
function mark(path, number) {
	map = map sprintf("\t{%d, \"%s\", %d},\n", lines + 1, shown(path), number)
}
function fail(message) {
	print "embed.sh: " message > "/dev/stderr"
	failed = 1
	exit 1
}
# A header is looked for beside the file that includes it, then in bpf-src.
function beside(path, name,    line) {
	sub(/[^\/]*$/, "", path)
	if ((getline line < (path name)) < 0)
		return dir "/" name
	close(path name)
	return path name
}
function join(path, depth,    line, number, included, status) {
	if (depth > 8)
		fail(path ": includes itself")
	mark(path, 1)
	while ((status = (getline line < path)) > 0) {
		number++
		if (line ~ /^[ \t]*#[ \t]*pragma[ \t]+once/) {
			put("") # of no use once joined, and the line numbers stay
		} else if (line ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
			included = line
			sub(/^[^"]*"/, "", included)
			sub(/".*/, "", included)
			if (!(included in seen)) {
				seen[included] = 1
				join(beside(path, included), depth + 1)
			}
			mark(path, number + 1)
		} else {
			put(line)
		}
	}
	if (status < 0)
		fail("cannot read " path)
	close(path)
}
BEGIN {
	print "/* Made by embed.sh from " shown(top) ": do not edit. */"
	print "#include \"bpf/source_map.h\"\n"
	print "EMBEDDED_TEXT(" name ");\n"
	print "const char " name "_text[] ="
	join(top, 0)
	print "\t;\n"
	print "const struct text_line " name "_lines[] = {"
	printf "%s", map
	print "\t{0, 0, 0},\n};"
}'
