#!/bin/sh
# members.sh bpf-src/NAME.h: print a C file with a table of the members of each struct of that header,
# NAME_struct (EVENT_STRUCT(NAME), lib/bpf/event_layout.h). Members that are structs themselves, of this
# header or of one that it includes by "...", are flattened: "event.victim_pid". Only plain members
# are understood, one or more to a declaration, and arrays of integers; all else is an error. Offsets and
# sizes are left to the compiler, which also checks that no member was overlooked.
set -eu
[ $# = 1 ] || {
	echo "usage: members.sh NAME.h" >&2
	exit 2
}
exec awk -v top="$1" '
function fail(message) {
	print "members.sh: " message > "/dev/stderr"
	failed = 1
	exit 1
}
# The text of a header without comments, and before it that of the headers that it includes.
function slurp(path, depth,    line, text, name, status) {
	if (depth > 8)
		fail(path ": includes itself")
	if (path in slurped)
		return
	slurped[path] = 1
	while ((status = (getline line < path)) > 0) {
		if (line ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
			name = line
			sub(/^[^"]*"/, "", name)
			sub(/".*/, "", name)
			slurp(beside(path, name), depth + 1)
		} else if (line !~ /^[ \t]*#/ && !directive) {
			text = text line "\n"
		}
		directive = (directive || line ~ /^[ \t]*#/) && line ~ /\\$/
	}
	if (status < 0)
		fail("cannot read " path)
	close(path)
	structs(path, bare(text))
}
function beside(path, name) {
	sub(/[^\/]*$/, "", path)
	return path name
}
function bare(text,    at, end) {
	while ((at = index(text, "/*"))) {
		end = index(substr(text, at), "*/")
		if (!end)
			fail("a comment without an end")
		text = substr(text, 1, at - 1) " " substr(text, at + end + 1)
	}
	gsub(/\/\/[^\n]*/, "", text)
	return text
}
# Each "struct NAME { ... }" that stands by itself.
function structs(path, text,    at, name, body, end) {
	while (match(text, /(^|[;}\n])[ \t\n]*struct[ \t\n]+[A-Za-z_][A-Za-z0-9_]*[ \t\n]*\{/)) {
		name = substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
		sub(/^.*struct[ \t\n]+/, "", name)
		sub(/[ \t\n]*\{$/, "", name)
		end = index(text, "}")
		if (!end)
			fail(path ": struct " name " has no end")
		body = substr(text, 1, end - 1)
		text = substr(text, end + 1)
		if (text !~ /^[ \t\n]*;/)
			fail(path ": struct " name ": what follows its } is not understood")
		if (index(body, "{"))
			fail(path ": struct " name ": a type within it is not understood")
		members(path, name, body)
		order[++count] = name
		origin[name] = path
	}
}
function members(path, name, body,    declarations, n, i) {
	n = split(body, declarations, ";")
	for (i = 1; i <= n; i++) {
		gsub(/[ \t\n]+/, " ", declarations[i])
		sub(/^ /, "", declarations[i])
		sub(/ $/, "", declarations[i])
		if (i == n && declarations[i] == "")
			break
		declaration(path, name, declarations[i])
	}
}
# TYPE NAME[SIZE], NAME
function declaration(path, name, text,    type, names, n, i, array, nested) {
	if (!match(text, /^(struct |enum )?[A-Za-z_][A-Za-z0-9_]* /))
		fail(path ": struct " name ": not understood: " text)
	type = substr(text, 1, RLENGTH - 1)
	n = split(substr(text, RLENGTH + 1), names, / ?, ?/)
	if (type ~ /^(const|volatile|unsigned|signed|long|short|union)$/)
		fail(path ": struct " name ": not understood: " text)
	nested = sub(/^struct /, "", type)
	for (i = 1; i <= n; i++) {
		array = names[i] ~ /\[/
		if (names[i] !~ /^[A-Za-z_][A-Za-z0-9_]*( ?\[[^][]+\])*$/)
			fail(path ": struct " name ": not understood: " text)
		sub(/ ?\[.*/, "", names[i])
		if (array && nested)
			fail(path ": struct " name ": an array of structs is not understood: " text)
		member[name, ++size[name]] = names[i]
		if (nested)
			within[name, size[name]] = type
	}
}
# The rows of a struct, and what shows that they are all.
function flatten(whole, name, prefix, depth,    i, path) {
	if (!(name in origin))
		fail("struct " whole ": struct " name " is not in a header that is included")
	if (depth > 8)
		fail("struct " whole ": holds itself")
	for (i = 1; i <= size[name]; i++) {
		path = prefix member[name, i]
		if ((name, i) in within)
			flatten(whole, within[name, i], path ".", depth + 1)
		else
			printf "\tROW(struct %s, %s),\n", whole, path
	}
}
function check(name,    i, end) {
	end = "0"
	for (i = 1; i <= size[name]; i++) {
		printf "NOTHING_BETWEEN(%s, offsetof(struct %s, %s), ALIGNMENT(struct %s, %s));\n",
			end, name, member[name, i], name, member[name, i]
		end = "END(struct " name ", " member[name, i] ")"
	}
	printf "NOTHING_BETWEEN(%s, sizeof(struct %s), _Alignof(struct %s));\n", end, name, name
}
BEGIN {
	slurp(top, 0)
	base = top
	sub(/.*\//, "", base)
	print "/* Made by members.sh from " base ": do not edit. */"
	print "#include \"bpf-src/" base "\"\n"
	print "#include \"base/macro.h\"\n#include \"bpf/event_layout.h\"\n"
	print "#define TYPE(type, member) __typeof__(((type *)0)->member)"
	print "#define ROW(type, member) {#member, offsetof(type, member), sizeof(TYPE(type, member))}"
	print "#define END(type, member) (offsetof(type, member) + sizeof(TYPE(type, member)))"
	print "#define ALIGNMENT(type, member) _Alignof(TYPE(type, member))"
	print "#define NOTHING_BETWEEN(end, next, alignment) \\"
	print "\t_Static_assert((end) <= (next) && (next) - (end) < (alignment), \"a member is missing\")"
	for (k = 1; k <= count; k++) {
		if (origin[order[k]] != top)
			continue
		print ""
		check(order[k])
		printf "static const struct event_member %s_members[] = {\n", order[k]
		flatten(order[k], order[k], "", 0)
		print "};"
		printf "EVENT_STRUCT(%s);\n", order[k]
		printf "const struct event_struct %s_struct = {\n\t\"%s\", sizeof(struct %s), %s_members, ARRAY_SIZE(%s_members)};\n",
			order[k], order[k], order[k], order[k], order[k]
	}
}'
