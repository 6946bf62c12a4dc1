# Sourced by the scripts that fetch packages from suites of Debian's, this machine's own or others. Nothing is
# installed, and apt's own state is left alone.

# debian_mirror: where this machine's own Debian packages come from, unless OOMTOOLS_DEBIAN_MIRROR says.
debian_mirror() {
	local site=${OOMTOOLS_DEBIAN_MIRROR-}
	# shellcheck disable=SC2016 # apt expands these
	[ "$site" ] || site=$(apt-get indextargets --format '$(ORIGIN) $(SITE)' 'Created-By: Packages' |
		awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }')
	[ "$site" ] || site=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb .*\(https\{0,1\}:[^ ]*\).*/\1/p' \
		/etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | grep -v security | head -n 1)
	[ "$site" ] || {
		echo "no Debian mirror in this machine's apt sources: set OOMTOOLS_DEBIAN_MIRROR" >&2
		return 1
	}
	echo "$site"
}

# use_suite DIR SUITE: sets the array apt to the options that look into that suite only. Its lists are fetched
# into DIR/SUITE, once.
use_suite() {
	local state=$1/$2 site
	apt=(-qq -o APT::Sandbox::User=root -o APT::Architecture=amd64 -o APT::Architectures=amd64
		-o Acquire::Languages=none -o Acquire::Retries=3 -o "Dir::Etc::SourceList=$state/list"
		-o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$state/lists" -o "Dir::State::Status=$state/status"
		-o "Dir::Cache=$state/cache")
	[ ! -e "$state/complete" ] || return 0
	site=$(debian_mirror) || return
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	: >"$state/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $2 main" >"$state/list"
	apt-get "${apt[@]}" update && : >"$state/complete"
}

# fetch_packages DIR TREE PACKAGE...: from the suite that use_suite has set, downloaded below DIR and unpacked
# into TREE
fetch_packages() {
	local debs=$1/debs tree=$2 deb
	shift 2
	mkdir -p "$debs" "$tree"
	(cd "$debs" && apt-get "${apt[@]}" download "$@") || return
	for deb in "$debs"/*.deb; do dpkg -x "$deb" "$tree" || return; done
	rm -rf "$debs"
}
