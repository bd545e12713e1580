# limits.awk - the limits of limits.h as an mdoc list, for linnet.conf(5)
# A heading is a comment alone on its line, a limit is "NAME = product, /* text */".

function product(text,    factor, count, i, n) {
	n = 1
	count = split(text, factor, /[ *]+/)
	for (i = 1; i <= count; i++)
		n *= factor[i]
	return n
}

function close_list() {
	if (is_open)
		print ".El"
	is_open = 0
}

/^\t\/\* .* \*\/$/ {
	close_list()
	gsub(/^\t\/\* | \*\/$/, "")
	printf ".Pp\n.Em %s\n.Bl -tag -width 4n -compact\n", toupper(substr($0, 1, 1)) substr($0, 2)
	is_open = 1
	next
}

/^\tLIMIT_[A-Z0-9_]+ *= / {
	name = $1
	value = $0
	sub(/^[^=]*= */, "", value)
	text = ""
	if (match(value, /\/\* .* \*\//))
		text = substr(value, RSTART + 3, RLENGTH - 6)
	sub(/,.*/, "", value)
	sub(/ *\/\*.*/, "", value)
	sub(/^LIMIT_/, "", name)
	gsub(/_/, " ", name)
	printf ".It Sy %s No = %d\n", tolower(name), product(value)
	if (text)
		print text
}

END {
	close_list()
}
