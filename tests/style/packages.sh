#!/usr/bin/env bash
# What ./configure asks the user to install, ./quickstart installs.
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/init.sh"

installs=$(sed -n '/^packages=(/,/)/p' "$srcdir/quickstart")
lacking() { # PACKAGE...
	for package; do grep -qw -- "$package" <<<"$installs" || echo "$package"; done
}
asked=$(sed -nE 's/^OOMTOOLS_NEED\(.*\[([a-z0-9+.-]+)\]\)$/\1/p; s/.*: apt install ([a-z0-9+.-]+)\].*/\1/p' \
	"$srcdir/configure.ac")
matches "configure names packages" "$asked" "libbpf-dev"
equal "a package that quickstart does not install is noticed" "$(lacking libbpf-dev no-such-dev)" no-such-dev
# pkgconf is the package that pkg-config stands for.
equal "quickstart installs what configure names" "$(lacking ${asked/pkg-config/pkgconf})" ""
