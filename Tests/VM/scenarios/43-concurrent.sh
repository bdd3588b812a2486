# Six commands at once, of one kind and mixed: each does what it reports, or reports why not.
. "$VM_TESTS/lib.sh"

rounds=${ROUNDS:-10}
label_all
rm -rf /var/lib/pmemctl
answers=/run/concurrent
modes=(fsdax devdax sector raw)

# start NAME COMMAND...: one of those at once.
start() {
	local name=$1
	shift
	{
		"$PMEMCTL" "$@" > "$answers/$name.out" 2> "$answers/$name.err" < /dev/null
		echo $? > "$answers/$name.status"
	} &
}

# What a command that does nothing may report: which other one has the host. A bare EBUSY is no reason.
is_reason() { grep -Eq '(another|other) (command|pmemctl|process|change)|pmemctl [^:]*\(([0-9]+|pid [0-9]+)\)' "$1"; }

# judge NAME WHAT TEST: status 0 and it is so, or a reason and it is not; TEST is a filter of jq on all namespaces.
false_answers=0
judge() {
	local is_so
	is_so=$(jq -e "$3" "$answers/list" > /dev/null 2>&1 && echo yes || echo no)
	case $(cat "$answers/$1.status"):$is_so in
	0:yes) ;;
	0:no) echo "# $1: status 0, and it is not so: $2" && false_answers=$((false_answers + 1)) ;;
	4:* | *:yes) echo "# $1: status $(cat "$answers/$1.status"), so: $is_so: $2" && false_answers=$((false_answers + 1)) ;;
	*) is_reason "$answers/$1.err" || { echo "# $1: no reason: $2" && false_answers=$((false_answers + 1)); } ;;
	esac
	[ "$false_answers" = "$was_false" ] || sed 's/^/#   /' "$answers/$1.err"
	was_false=$false_answers
}

# together ROUND WHAT: waits for all, and judges each by the lines "NAME FILTER" on standard input.
together() {
	local name filter
	wait
	pmemctl namespace list --json > "$answers/list" 2>&1
	was_false=$false_answers
	while read -r name filter; do judge "$name" "$2, round $1" "$filter"; done
}

for round in $(seq "$rounds"); do
	rm -rf "$answers" && mkdir -p "$answers"
	for number in 1 2 3 4 5 6; do
		start "$number" namespace create --region region0 --mode "${modes[$(((number + round) % 4))]}" --size 32MiB --name "n$number" --json
	done
	together "$round" create < <(for number in 1 2 3 4 5 6; do
		echo "$number map(select(.name == \"n$number\" and .mode == \"${modes[$(((number + round) % 4))]}\" and .raw_size == 33554432 and .state != \"disabled\")) | length == 1"
	done)
	for number in 1 2 3 4 5 6; do
		start "$number" namespace reconfigure --force --yes "n$number" --mode "${modes[$(((number + round + 1) % 4))]}" --json
	done
	existing=$(jq -r '.[].name' "$answers/list")
	together "$round" reconfigure < <(for number in 1 2 3 4 5 6; do
		grep -qx "n$number" <<< "$existing" &&
			echo "$number map(select(.name == \"n$number\" and .mode == \"${modes[$(((number + round + 1) % 4))]}\" and .state != \"disabled\")) | length == 1"
	done)
	for number in 1 2; do
		start "$number" namespace create --region region0 --mode "${modes[$(((number + round) % 4))]}" --size 32MiB --name "m$number" --json
	done
	for number in 3 4; do
		start "$number" namespace reconfigure --force --yes "n$number" --mode "${modes[$(((number + round + 2) % 4))]}" --json
	done
	for number in 5 6; do start "$number" namespace destroy --force --yes "n$number"; done
	existing=$(jq -r '.[].name' "$answers/list")
	together "$round" mixed < <(
		for number in 1 2; do echo "$number map(select(.name == \"m$number\" and .state != \"disabled\")) | length == 1"; done
		for number in 3 4; do
			grep -qx "n$number" <<< "$existing" &&
				echo "$number map(select(.name == \"n$number\" and .mode == \"${modes[$(((number + round + 2) % 4))]}\")) | length == 1"
		done
		for number in 5 6; do
			grep -qx "n$number" <<< "$existing" && echo "$number map(select(.name == \"n$number\")) | length == 0"
		done
	)
	for name in n1 n2 n3 n4 m1 m2; do start "$name" namespace destroy --force --yes "$name"; done
	existing=$(jq -r '.[].name' "$answers/list")
	together "$round" destroy < <(for name in n1 n2 n3 n4 m1 m2; do
		grep -qx "$name" <<< "$existing" && echo "$name map(select(.name == \"$name\")) | length == 0"
	done)
	same "round $round: doctor finds nothing" "" \
		"$(pmemctl doctor --json | jq -r '.[] | select(.severity != "note") | "\(.severity): \(.subject): \(.text)"')"
	# What a round leaves is no burden of the next.
	[ "$(pmemctl region show region0 --idle --json | jq -c '[.namespaces[] | select(.size > 0 or (.uuid // "" | test("[1-9a-f]")))]')" = "[]" ] || label_all
done
same "$((rounds * 24)) commands at once: each reports the truth" 0 "$false_answers"
label_all
