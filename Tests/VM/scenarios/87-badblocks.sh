# Bad blocks: told by a machine check, as real memory would. QEMU's bus cannot clear them, and pmemctl says so before it
# disables anything.
. "$VM_TESTS/lib.sh"

label_all
pmemctl namespace create --region region1 --mode fsdax --size 256MiB --name bad >&2
pmemctl namespace create --region region1 --mode devdax --size 256MiB --name good >&2
name=$(kernel_name bad)
start=$(pmemctl namespace show bad --json | jq .resource)
same 'no block is bad at first' null "$(pmemctl namespace show bad --json | jq .badblock_count)"

# poison ADDRESS: an uncorrected memory error there, as the decoders of machine checks hear of it (AMD: bank 4, extended
# code 8); 512 bytes of it.
poison() {
	modprobe mce-inject || return
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
	cd /sys/kernel/debug/mce-inject || return
	echo sw > flags
	echo 0 > cpu
	echo 0xa400000000080000 > status
	echo 9 > misc
	printf '0x%x\n' "$1" > addr
	echo 4 > bank
	cd - > /dev/null
	# The news comes by a work queue.
	for _ in $(seq 100); do
		grep -q . /sys/bus/nd/devices/region1/badblocks && return
		/bin/busybox usleep 50000
	done
	return 1
}
check 'a machine check makes a block bad' poison $((start + 64 * 1024 * 1024))

same 'the region reports it as ndctl does' \
	"$(ndctl list -R -r region1 -M | jq -c '(if type == "array" then .[0] else . end) | [.badblock_count, [.badblocks[] | [.offset, .length]]]')" \
	"$(pmemctl region show region1 --json | jq -c '[.badblock_count, [.badblocks[] | [.offset, .length]]]')"
same 'the namespace reports it' 1 "$(pmemctl namespace show bad --json | jq .badblock_count)"
same 'its neighbour does not' null "$(pmemctl namespace show good --json | jq .badblock_count)"
case $(pmemctl doctor) in *'1 blocks of 512 bytes are bad'* | *'1 block'*) ok 'doctor reports it' ;; *) not_ok 'doctor reports it' ;; esac

before=$(pmemctl status --json --idle)
said=$(pmemctl namespace clear-errors bad 2>&1)
same 'clearing cannot be done here' 6 $?
case $said in *'no command that clears errors'*) ok 'and the reason is said' ;; *) not_ok "and the reason is said: $said" ;; esac
same 'and nothing was changed' "$before" "$(pmemctl status --json --idle)"
same 'what has no bad block is no error' 0 "$(status pmemctl namespace clear-errors good)"
ndctl clear-errors "$name" >&2
same 'ndctl does not clear them either' 1 "$(pmemctl namespace show bad --json | jq .badblock_count)"

pmemctl namespace destroy --force --yes --discard-content bad good >&2
