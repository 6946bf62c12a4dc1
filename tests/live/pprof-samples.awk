# The output of "go tool pprof -raw", one line a sample: its values, its label, its frames from the leaf on as
# function|file:line. Neither addresses nor numbering remain, so that two profiles can be compared.
# The file of initialisers is left out: the runtime keeps one file for each function name, so inlined pieces
# of several functions called "init" carry the wrong one there.
function frame(text, function_name, place) {
	sub(/ s=[0-9]+$/, "", text)
	function_name = text
	sub(/ [^ ]*$/, "", function_name)
	place = substr(text, length(function_name) + 2)
	if (place ~ /:[0-9]+:[0-9]+$/)
		sub(/:[0-9]+$/, "", place) # the column
	if (function_name ~ /\.init(\.[0-9]+)?$/)
		sub(/^.*:/, ":", place)
	return function_name "|" place
}
/^Samples:/ { part = "samples"; getline; sub(/\[dflt\]/, ""); print "types", $0; next }
/^Locations/ { part = "locations"; next }
/^Mappings/ { part = "mappings"; next }
part == "" && /^(PeriodType|Period):/ { print; next }
part == "samples" && /^ +(-?[0-9]+ +)+-?[0-9]+:/ {
	n++
	split($0, halves, ":")
	values[n] = halves[1]
	gsub(/ +/, " ", values[n])
	stack[n] = halves[2]
	next
}
part == "samples" { label[n] = $0; gsub(/ /, "", label[n]); next }
part == "locations" && /^ *[0-9]+: 0x/ {
	id = $1
	sub(/:$/, "", id)
	text = $0
	sub(/^ *[0-9]+: 0x[0-9a-f]+ (M=[0-9]+ )?/, "", text)
	frames[id] = frame(text)
	next
}
part == "locations" { text = $0; sub(/^ +/, "", text); frames[id] = frames[id] " " frame(text) }
END {
	for (i = 1; i <= n; i++) {
		line = "sample" values[i] " " label[i]
		count = split(stack[i], ids, " ")
		for (j = 1; j <= count; j++)
			line = line " " frames[ids[j]]
		print line
	}
}
