# Sourced by tests for guests that run a test of the host's again.

# nested NAME SCRIPT: its points are ours, with NAME before each
nested() {
	local line plan=-1 count=0
	while IFS= read -r line; do
		if [[ $line =~ ^(not )?ok\ [0-9]+\ -\ (.*)$ ]]; then
			count=$((count + 1))
			[ -z "${BASH_REMATCH[1]}" ]
			ok "$1: ${BASH_REMATCH[2]}" $?
		elif [[ $line =~ ^1\.\.([0-9]+)$ ]]; then
			plan=${BASH_REMATCH[1]}
		else
			echo "$line"
		fi
	done < <(REQUIRE_LIVE=1 bash "$srcdir/$2")
	equal "$1: ran to its end" "$count" "$plan"
}
