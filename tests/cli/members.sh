#!/usr/bin/env bash
# The tables of shared structs: bpf-src/members.sh. What it does not understand is an error, and what it
# overlooks does not compile.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"
members=$srcdir/bpf-src/members.sh

table() { # the rows of a header on stdin
	cat >"$tmp/x.h"
	sh "$members" "$tmp/x.h" 2>"$tmp/err" >"$tmp/x.c" || return 1
	sed -n 's/^\tROW(struct \(.*\), \(.*\)),$/\1.\2/p' "$tmp/x.c" | tr '\n' ' '
}

printf 'struct in { __u8 a[2]; };\n' >"$tmp/inner.h"
equal "members, flattened" "$(
	table <<-'END'
		#include "inner.h"
		#include <linux/types.h>
		#define MANY(x) \
			struct no { __u32 x; };
		/* struct comment { __u32 x; }; */
		enum kind { A, B };
		struct x {
			__u32 a, b[3 * 2], c[2][2]; // struct y { int z; };
			enum kind kind;
			struct in first,
				second;
		};
		static inline int f(struct x *x)
		{
			return 0;
		}
	END
)" "x.a x.b x.c x.kind x.first.a x.second.a "

for member in "__u32 a : 3" "__u32 *a" "union u a" "unsigned int a" "struct in a[2]" "int (*a)(void)" "struct { __u32 a; }" \
	"struct nowhere a" "__u32 a; __u32" "__u32 a __attribute__((packed))"; do
	check "not understood, so refused: $member" sh -c "! printf '#include \"inner.h\"\nstruct x { %s; };\n' \"\$2\" >\"\$1/y.h\" ||
		! sh '$members' \"\$1/y.h\" >/dev/null 2>\"\$1/err\"" sh "$tmp" "$member"
	matches "and why is said" "$(cat "$tmp/err")" '^members.sh: .*struct x'
done

compiles() {
	${CC:-cc} -std=gnu11 -I"$srcdir/lib" -I"$tmp" -c -o "$tmp/x.o" "$1" 2>"$tmp/err"
}
mkdir "$tmp/bpf-src"
printf '#include <linux/types.h>\nstruct x {\n\t__u32 a;\n\t__u32 b;\n\t__u64 c;\n};\n' >"$tmp/bpf-src/x.h"
sh "$members" "$tmp/bpf-src/x.h" >"$tmp/x.c"
check "a table compiles" compiles "$tmp/x.c"
for name in a b c; do
	grep -v "ROW(struct x, $name)\|offsetof(struct x, $name)" "$tmp/x.c" >"$tmp/less.c"
	sed -i "s/END(struct x, $name)/0/" "$tmp/less.c"
	check "without $name it does not" sh -c '! "$@"' sh "${CC:-cc}" -std=gnu11 -I"$srcdir/lib" -I"$tmp" -c \
		-o "$tmp/x.o" "$tmp/less.c"
done
