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
