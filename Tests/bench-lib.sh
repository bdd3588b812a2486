# Rows of the benchmark's table.

heading() { printf '%-34s %10s %10s %7s %12s %12s\n' '' pmemctl ndctl ratio 'peak KiB' 'ndctl KiB'; }

# milliseconds COMMAND: the median of many runs.
milliseconds() {
	local results
	results=$(mktemp)
	hyperfine -N --warmup 3 --runs "${RUNS:-40}" --export-json "$results" --style none "$1" > /dev/null 2>&1
	jq '.results[0].median * 1000' "$results"
	rm -f "$results"
}

# peak COMMAND: the most memory it had, KiB.
peak() {
	# shellcheck disable=SC2086
	/usr/bin/time -f %M $1 2>&1 > /dev/null | tail -n 1
}

# row TITLE OURS THEIRS
row() {
	local ours theirs
	ours=$(milliseconds "$2")
	theirs=$(milliseconds "$3")
	awk -v title="$1" -v ours="$ours" -v theirs="$theirs" -v peak="$(peak "$2")" -v other="$(peak "$3")" 'BEGIN {
		printf "%-34s %7.1f ms %7.1f ms %6.2fx %12d %12d\n", title, ours, theirs, ours / theirs, peak, other
	}'
}
