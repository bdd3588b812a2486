# Memory that is pinned though nobody maps it or has it open: what ndctl takes away, and oopses over when the pin is
# released, is refused, and who may have it is named.
. "$VM_TESTS/lib.sh"

label_all
ready() { for _ in $(seq 60); do grep -q '^ready' "$1" 2>/dev/null && return; /bin/busybox usleep 50000; done; false; }

# held NAME DEVICE HOW: pages of the device are held by a program that has it neither mapped nor open.
held() {
	local name=$1 device=$2 how=$3 pinner status said
	rm -f /run/pinner.out
	"$PROGRAMS/pinner" "$how" "$device" $((8 << 20)) > /run/pinner.out &
	pinner=$!
	if ! ready /run/pinner.out; then
		wait "$pinner"
		same "$name: this kernel does not pin device-dax for $how" "io_uring 2" "$how $?"
		return
	fi
	same "$name: $how is found, and its consequence" '[["pin","crash"]]' \
		"$(pmemctl user list "$name" --json | jq -c '[.[] | [.kind, .effect]]')"
	for verb in "disable" "destroy --force"; do
		# shellcheck disable=SC2086
		said=$(pmemctl namespace $verb "$name" 2>&1)
		status=$?
		same "$name: $how: namespace $verb is refused" 4 "$status"
		# Only long-term pins are counted in a process (VmPin).
		[ "$how" = io_uring ] || continue
		case $said in *"pinner ($pinner)"*) ok "$name: and names the holder" ;; *) not_ok "$name: and names the holder: $said" ;; esac
	done
	kill "$pinner"
	wait "$pinner" 2>/dev/null
	# A ring is taken down by the kernel when it comes to it.
	for _ in $(seq 100); do
		[ "$(pmemctl user list "$name" --json | jq -c .)" = "[]" ] && break
		/bin/busybox usleep 100000
	done
	same "$name: $how: nothing is pinned any more" "[]" "$(pmemctl user list "$name" --json | jq -c .)"
}

# pinned NAME OPTIONS...: a devdax namespace, unused, used, pinned, and unused again.
pinned() {
	local name=$1 device holder how
	shift
	pmemctl namespace create --region region0 --mode devdax --size 256MiB --name "$name" "$@" > /dev/null
	device=/dev/$(pmemctl namespace show "$name" --json | jq -r '.daxregion.devices[0].chardev')
	same "$name: nothing is pinned on an idle device" "[]" "$(pmemctl user list "$name" --json | jq -c .)"
	# Written, read, forked over, locked: none of that is a pin.
	"$PROGRAMS/holder" mapclosed "$device" > /run/holder.out &
	holder=$!
	ready /run/holder.out
	kill "$holder"
	wait "$holder" 2>/dev/null
	same "$name: nor after it was used" "[]" "$(pmemctl user list "$name" --json | jq -c .)"
	for how in io_uring vmsplice; do held "$name" "$device" "$how"; done
	check "$name: it can be destroyed" pmemctl namespace destroy --force "$name"
}

pinned huge-dev --align 2MiB --map dev
pinned huge-mem --align 2MiB --map mem
pinned small-dev --align 4KiB --map dev
pinned small-mem --align 4KiB --map mem
pmemctl namespace create --region region0 --mode fsdax --size 256MiB --name files > /dev/null
same "nothing is pinned on an idle fsdax namespace" "[]" "$(pmemctl user list files --json | jq -c .)"
same "and whether it is could be found out" "" "$(pmemctl user list files 2>&1 >/dev/null)"
check "it can be destroyed" pmemctl namespace destroy --force files
