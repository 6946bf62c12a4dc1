# Sourced by the style tests after tests/init.sh: which files the project consists of.

# tree_files PATTERN...: their names below $srcdir, one a line: what git knows, or in a tarball all there is.
tree_files() {
	if [ "$(git -c safe.directory='*' -C "$srcdir" rev-parse --show-toplevel 2>/dev/null)" = "$srcdir" ]; then
		git -c safe.directory='*' -C "$srcdir" ls-files --cached --others --exclude-standard -- "$@"
	else
		(cd "$srcdir" && tar_files) | while read -r file; do
			for pattern; do
				# A pattern matches across slashes, as git's do.
				# shellcheck disable=SC2254
				case $file in $pattern) echo "$file" && break ;; esac
			done
		done
	fi
}
tar_files() { # without what a build in the source tree made
	find . -type f -printf '%P\n' | grep -vE '(^|/)(_?build[^/]*|_inst|autom4te\.cache|\.deps|\.git)/' |
		grep -vE '^(configure~?|aclocal\.m4|config\.(status|log)|(.*/)?Makefile(\.in)?)$' |
		grep -vE '\.(o|a|log|trs|gz)$|\.pb-c\.[ch]$' | sort
}

# The scripts: files that begin with #! and name a shell, and the files that they source.
shell_files() {
	local file
	tree_files '*.sh'
	tree_files '*' | grep -vE '\.(sh|c|h|md|txt|8|7|am|ac)$' | while read -r file; do
		head -c 64 "$srcdir/$file" 2>/dev/null | head -n 1 | grep -aqE '^#!.*\b(ba)?sh\b' && echo "$file"
	done
}
