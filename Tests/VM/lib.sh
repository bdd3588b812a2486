# What scenarios share. A scenario sources this, prints a TAP line a case, and ends with status 0.

# ok NAME, and not_ok NAME: one case.
ok() { echo "ok - $*"; }
not_ok() { echo "not ok - $*"; }

# check NAME COMMAND...: a case that holds if the command succeeds; what it says goes to the scenario's log.
check() {
	local name=$1
	shift
	if "$@" >&2; then ok "$name"; else not_ok "$name"; fi
}

# same NAME EXPECTED GOT
same() {
	if [ "$2" = "$3" ]; then ok "$1"; else
		not_ok "$1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

pmemctl() { "$PMEMCTL" "$@"; }

# jq reads half a second of definitions at each start under TCG; gojq has them compiled in, and sorts keys always.
jq() { gojq "$@"; }

# status COMMAND...: its exit status, its output to the log.
status() {
	local status=0
	"$@" >&2 || status=$?
	echo "$status"
}

# label_all: gives every DIMM that has a label area a fresh one, version $1 (1.2 by default).
label_all() {
	local dimms
	ndctl disable-region all >&2
	dimms=$(ndctl list -Di | jq -r '.[].dev' | while read -r dimm; do
		[ -e "/sys/bus/nd/devices/$dimm/available_slots" ] && echo "$dimm"
	done)
	# shellcheck disable=SC2086
	ndctl init-labels -f -V "${1:-1.2}" $dimms >&2
	# A DIMM reads its labels when it is enabled.
	# shellcheck disable=SC2086
	ndctl disable-dimm $dimms >&2 && ndctl enable-dimm $dimms >&2
	ndctl enable-region all >&2
	udevadm settle 2>/dev/null
	true
}

# ready FILE: waits until a program has said in FILE that it is.
ready() { for _ in $(seq 400); do grep -q '^ready' "$1" 2>/dev/null && return; /bin/busybox usleep 50000; done; false; }

# hold PROGRAM ARGUMENT...: runs a test program in the background, as $holder, until let_go.
hold() {
	"$PROGRAMS/$1" "${@:2}" > /run/holder.out 2> /run/holder.err &
	holder=$!
	for _ in $(seq 400); do
		grep -q '^ready' /run/holder.out && return
		kill -0 "$holder" 2>/dev/null || break
		/bin/busybox usleep 50000
	done
	cat /run/holder.err >&2
	return 1
}
let_go() { kill "$holder" 2>/dev/null; wait "$holder" 2>/dev/null; }

# node NAME: the device under /dev of a namespace. kernel_name NAME: namespaceX.Y.
node() { echo "/dev/$(pmemctl namespace show "$1" --json | jq -r '.blockdev // .daxregion.devices[0].chardev')"; }
kernel_name() { pmemctl namespace show "$1" --json | jq -r .dev; }

# is_enabled NAMESPACE: as ndctl sees it.
is_enabled() { [ "$(ndctl list -N -n "$1" | jq -r '(if type == "array" then .[0] else . end).state // "enabled"')" = enabled ]; }

# users NAME...: kind, what, command and effect of each.
users() { pmemctl user list "$@" --json | jq -c '[.[] | [.kind, .path, .comm // "", .effect]] | unique'; }

# effect NAME KIND: what is said to happen to the users of a kind, one word.
effect() { pmemctl user list "$1" --json | jq -r --arg kind "$2" '[.[] | select(.kind == $kind) | .effect] | unique | join(",")'; }

# refused WHAT NAMESPACE WHOM: neither is it disabled nor destroyed, the refusal names who is in the way, and nothing
# changes.
refused() {
	local before after said status verb
	before=$(pmemctl status --json --idle)
	for verb in "disable $2" "destroy --force $2"; do
		# shellcheck disable=SC2086
		said=$(pmemctl namespace $verb 2>&1)
		status=$?
		same "$1: namespace $verb is refused" 4 "$status"
		case $said in *"$3"*) ok "$1: and names $3" ;; *) not_ok "$1: and names $3: $said" ;; esac
	done
	after=$(pmemctl status --json --idle)
	same "$1: nothing changed" "$before" "$after"
}

# predicted WHAT NAMESPACE KIND EFFECT: it is said, and it is so: ndctl is refused, or takes the namespace away.
predicted() {
	local name
	name=$(kernel_name "$2")
	same "$1: $4 is what is said" "$4" "$(effect "$2" "$3")"
	ndctl disable-namespace "$name" >&2
	if [ "$4" = refused ]; then
		check "$1: and ndctl cannot disable it" is_enabled "$name"
	else
		check "$1: and ndctl disables it" test "$(is_enabled "$name" || echo gone)" = gone
	fi
}

# enabled NAMESPACE: again.
enable() { ndctl enable-namespace "$(kernel_name "$1")" >&2; }

# killed_by_sigbus: what the holder of a DAX mapping gets from its next access.
killed_by_sigbus() {
	kill -USR1 "$holder"
	wait "$holder"
	[ $? = 135 ]
}
