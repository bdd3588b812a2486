# Command lines of ndctl and daxctl, drawn at random by a seed: the tools of the package and pmemctl called by their names
# print the same, return the same status and count the same, from the same state.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/ndctl-lines.sh"

RANDOM=${SEED:-1}
commands=${COMMANDS:-40}
# Lines between two resets of the state.
episode=20
links=/run/as
mkdir -p "$links" /run/diff
ln -sf "$PMEMCTL" "$links/ndctl"
ln -sf "$PMEMCTL" "$links/daxctl"
stock=$(dirname "$(command -v ndctl)")

# The state that every episode begins with.
start() {
	{
		"$stock/ndctl" enable-region all
		"$stock/ndctl" disable-namespace all
		label_all
		for name in $("$stock/ndctl" list -Nc | jq -r '(if type == "array" then .[] else . end).dev'); do
			"$stock/ndctl" disable-namespace "$name"
			"$stock/ndctl" destroy-namespace -f "$name"
		done
		"$stock/ndctl" disable-region all
		"$stock/ndctl" enable-dimm all
		"$stock/ndctl" enable-region all
		"$stock/ndctl" create-namespace -r region0 -m fsdax -s 64M -n one
		"$stock/ndctl" create-namespace -r region0 -m devdax -s 64M -a 4k
		"$stock/ndctl" create-namespace -r region0 -m sector -s 32M -n three
		"$stock/ndctl" create-namespace -r region1 -m raw -s 16M
		"$stock/ndctl" disable-namespace namespace0.2
	} > /run/diff/start 2>&1 < /dev/null
}

# normal FILE: what random numbers and blocks of bytes differ in is taken out, and how often labels were written.
normal() {
	if ! LC_ALL=C tr -d '\000' < "$1" | cmp -s - "$1"; then
		echo "bytes: $(wc -c < "$1")"
		return
	fi
	sed -E 's/00000000-0000-0000-0000-000000000000/NONE/; s/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/UUID/
		s/"seq":[0-9]/"seq":N/' "$1"
}

counts='^(enabled|disabled|destroyed|created|checked|cleared|read|wrote|zeroed|initialized|successfully verified|reconfigured|onlined|offlined|updated|passphrase|sanitized|security froze) '

# answers DIRECTORY PREFIX: each line of $lines through the tools there, into PREFIX.N.
answers() {
	local index=0 line status
	while IFS= read -r line; do
		status=0
		eval "timeout 120 '$1/'$line" > /run/diff/out 2> /run/diff/err < /dev/null || status=$?
		{
			echo "status $status"
			normal /run/diff/out
			grep -E "$counts" /run/diff/err
		} > "/run/diff/$2.$index"
		cp /run/diff/err "/run/diff/$2.$index.err"
		index=$((index + 1))
	done <<< "$lines"
}

# What reads bytes of one state prints them alike, to the last one.
start
"$stock/ndctl" disable-namespace all > /dev/null 2>&1
for words in 'read-labels all' 'read-labels -j all' 'read-labels -u nmem0' 'read-labels -s 1024 nmem1' 'read-infoblock all' \
	'read-infoblock -j all' 'read-infoblock -uV all' 'write-infoblock -c -s 1G -u 0a0b0c0d-1111-2222-3333-444455556666 -m devdax -a 1G'; do
	# shellcheck disable=SC2086
	same "ndctl $words" "$("$stock/ndctl" $words 2> /dev/null < /dev/null | sha256sum)" \
		"$("$links/ndctl" $words 2> /dev/null < /dev/null | sha256sum)"
done

equal=0 different=0
for ((done = 0; done < commands; done += episode)); do
	lines=
	for ((index = 0; index < episode && done + index < commands; index++)); do
		draw_line
		lines+=$line$'\n'
	done
	lines=${lines%$'\n'}
	start
	answers "$stock" stock
	start
	answers "$links" own
	index=0
	while IFS= read -r line; do
		if cmp -s "/run/diff/stock.$index" "/run/diff/own.$index"; then
			equal=$((equal + 1))
		else
			different=$((different + 1))
			not_ok "$line (line $((done + index)) of seed ${SEED:-1})"
			diff -u "/run/diff/stock.$index" "/run/diff/own.$index" | sed '1,2d; s/^/# /' | head -n 40
			sed 's/^/# stock says: /' "/run/diff/stock.$index.err" | grep -v '^# stock says: *\(-\|$\)' | head -n 6
			sed 's/^/# pmemctl says: /' "/run/diff/own.$index.err" | grep -v '^# pmemctl says: *\(-\|$\)' | head -n 6
		fi
		index=$((index + 1))
	done <<< "$lines"
done
same "$commands lines give the same answers" "$commands" "$equal"
