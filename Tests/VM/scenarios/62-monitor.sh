# The monitor beside changes, on nfit_test: each event once, none missed, and a restart repeats nothing.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/nfit.sh"

state=/run/monitor.json
# watch FILE [OPTION...]: begins, and has looked once when it returns.
watch() {
	local file=$1 _
	: > "$file"
	"$PMEMCTL" monitor --interval 1 --json --state $state --textfile /run "${@:2}" > "$file" &
	monitor=$!
	rm -f /run/pmemctl.prom
	for _ in $(seq 300); do [ -e /run/pmemctl.prom ] && return; sleep 0.2; done
	not_ok 'the monitor has looked'
}
unwatch() {
	kill "$monitor"
	wait "$monitor" 2> /dev/null
}
# seen FILE SUBJECT EVENT NEW: waits until it was told, and prints how often.
seen() {
	local _ count
	for _ in $(seq 150); do
		count=$(jq -c --arg s "$2" --arg e "$3" --arg n "$4" 'select(.subject == $s and .event == $e and .new == $n)' "$1" | wc -l)
		[ "$count" = 0 ] || break
		sleep 0.2
	done
	echo "$count"
}

pmemctl bus scrub wait >&2
one=$(dimm 1)
region=$(pmemctl dimm health "$one" --json 2>/dev/null | jq -r '.[0].regions[0]')
watch /run/first
check 'a first look tells what is bad' test "$(seen /run/first "$one" health-state non-critical)" = 1
ndctl inject-smart --fatal "$one" >&2
same 'a fatal state is reported once' 1 "$(seen /run/first "$one" health-state fatal)"
ndctl inject-smart --fatal-uninject "$one" >&2
pmemctl region disable "$region" >&2
same 'a region that is disabled' 1 "$(seen /run/first "$region" state disabled)"
pmemctl region enable "$region" >&2
same 'and enabled' 1 "$(seen /run/first "$region" state enabled)"
ndctl inject-smart --media-temperature=99 "$one" >&2
ndctl start-scrub nfit_test.0 > /dev/null
sleep 5
pmemctl bus scrub wait >&2
sleep 3
scrubs=$(pmemctl bus scrub status nfit_test.0 --json | jq -r '.[0].scrub_count')
same 'a scrub that was completed' 1 "$(seen /run/first "$(pmemctl bus scrub status nfit_test.0 --json | jq -r '.[0].dev')" scrubs "$scrubs")"
same 'what has not changed is not told again' 1 "$(seen /run/first "$one" health-state fatal)"
unwatch
same 'no event was told twice in a row' '' \
	"$(jq -r '[.subject, .event] | join(" ")' /run/first | sort -u | while read -r subject event; do
		jq -r --arg s "$subject" --arg e "$event" 'select(.subject == $s and .event == $e) | .new // "gone"' /run/first | uniq -d
	done)"
same 'each begins where the last one ended' '' \
	"$(jq -r '[.subject, .event] | join(" ")' /run/first | sort -u | while read -r subject event; do
		jq -r --arg s "$subject" --arg e "$event" 'select(.subject == $s and .event == $e) | [.old // "-", .new // "-"] | join(" ")' \
			/run/first | awk -v of="$subject $event" 'NR > 1 && $1 != last { print of } { last = $2 }'
	done)"

# While it is away.
security=$(pmemctl dimm security show "$one" --json | jq -r '.[0].security')
pmemctl region disable "$region" >&2
watch /run/second
same 'what happened meanwhile is reported' 1 "$(seen /run/second "$region" state disabled)"
pmemctl region enable "$region" >&2
same 'and what happens now' 1 "$(seen /run/second "$region" state enabled)"
same 'what was told before is not' 0 "$(jq -c --arg s "$one" 'select(.subject == $s and .event == "health-state")' /run/second | wc -l)"
unwatch
same 'nothing was changed by it' "$security" "$(pmemctl dimm security show "$one" --json | jq -r '.[0].security')"

# The textfile, as Prometheus demands it: a help and a type for each metric, before its samples.
same 'each metric has a help and a type' '' \
	"$(awk '$2 == "HELP" { help[$3]++ } $2 == "TYPE" { type[$3]++ }
		!/^#/ { name = $1; sub(/[{].*/, "", name); if (help[name] != 1 || type[name] != 1) print name }' /run/pmemctl.prom | sort -u)"
same 'temperatures are in it' "99.000" \
	"$(sed -n "s/^pmem_dimm_temperature_celsius{dimm=\"$one\",.*sensor=\"media\"} //p" /run/pmemctl.prom)"
same 'all may read it' 644 "$(stat -c %a /run/pmemctl.prom)"
ndctl inject-smart --uninject-all "$one" >&2
nobody "$PMEMCTL" monitor --once --json > /run/nobody
same 'who is not root sees the platform' 1 "$(jq -c 'select(.event == "failed_map")' /run/nobody | wc -l)"
