# What the tests of packaging share: TAP, and a directory that is removed at the end.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 failed=0
ok() { number=$((number + 1)); echo "ok $number - $*"; }
not_ok() { number=$((number + 1)) failed=1; echo "not ok $number - $*"; }

# check NAME COMMAND...: a case that holds if the command succeeds; its output is printed if it does not.
check() {
	local name=$1
	shift
	if "$@" > "$work/check" 2>&1; then ok "$name"; else not_ok "$name"; sed 's/^/# /' "$work/check"; fi
}

# same NAME EXPECTED GOT
same() {
	if [ "$2" = "$3" ]; then ok "$1"; else
		not_ok "$1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

# status COMMAND...: its exit status.
status() { local status=0; "$@" > /dev/null 2>&1 || status=$?; echo "$status"; }

# files DIRECTORY: everything below it but directories.
files() { [ ! -d "$1" ] || find "$1" -mindepth 1 -not -type d -printf '%P\n' | LC_ALL=C sort; }

finish() { echo "1..$number"; exit "$failed"; }
