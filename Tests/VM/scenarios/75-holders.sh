# Hypervisors, RDMA, VFIO, io_uring, and memory that is the kernel's own: found with process and consequence, refused; and
# where nothing dies of it, what was said of ndctl's way is so. What the kernel dies of is tried by vm-crash.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/dma.sh"

label_all
pmemctl namespace create --region region0 --mode devdax --size 256MiB --name device > /dev/null
device=$(node device)

# found WHAT KIND COMMAND EFFECT BYTES
found() {
	same "$1 is found" "[\"$2\",\"$3\",\"$4\",$5,true]" "$(pmemctl user list device --json |
		jq -c --arg kind "$2" --argjson pid "$holder" '.[] | select(.kind == $kind) | [.kind, .comm, .effect, .size, .pid == $pid]')"
	refused "$1" device "$3 ($holder)"
}

if modprobe kvm_amd 2>/dev/null && [ -e /dev/kvm ]; then
	hold machine "$device" $((4 << 20)) && {
		found "a virtual machine (KVM)" kvm machine sigbus $((4 << 20))
		let_go
	}
fi
# Its memory is the device; without KVM, and stopped, it is a process like any other.
qemu-system-x86_64 -S -nodefaults -display none -accel tcg -m 128M -machine pc,memory-backend=mem \
	-object "memory-backend-file,id=mem,size=128M,mem-path=$device,share=on,align=2M" > /run/qemu.out 2>&1 &
holder=$!
for _ in $(seq 300); do
	[ "$(pmemctl mapping list device --json | jq length)" -gt 0 ] && break
	kill -0 "$holder" 2>/dev/null || break
	/bin/busybox usleep 100000
done
same "QEMU's memory is found" "qemu-system-x86 134217728" \
	"$(pmemctl mapping list device --json | jq -r '.[] | "\(.comm) \(.end - .start)"')"
refused "QEMU" device "qemu-system-x86 ($holder)"
predicted "QEMU" device mapping sigbus
let_go
enable device

if have_rdma; then
	hold verbs "$device" $((2 << 20)) $((8 << 20)) && {
		found "a memory region for RDMA" rdma verbs crash $((8 << 20))
		let_go
	}
fi
# Whether this kernel takes the buffer is told by 80-pins.
if hold pinner io_uring "$device" $((8 << 20)); then
	refused "a buffer of io_uring" device "pinner ($holder)"
	let_go
	for _ in $(seq 100); do [ "$(users device)" = "[]" ] && break; /bin/busybox usleep 100000; done
fi
# VFIO does not release what it has of device-dax: the namespace is recreated after it.
if have_vfio; then
	hold vfio "$vfio_group" "$device" $((4 << 20)) && {
		found "a device given away by VFIO" vfio vfio corrupts $((4 << 20))
		predicted "VFIO" device vfio corrupts
		let_go
		enable device
		same "VFIO: and the kernel lives when its process has ended" "[]" "$(users device)"
	}
fi
same "it has no user any more" "[]" "$(users device)"

# --- system-ram

echo offline > /sys/devices/system/memory/auto_online_blocks
pmemctl namespace create --region region1 --mode devdax --size 1GiB --name memory > /dev/null
dax=$(node memory)
same "system-ram: made" 0 "$(status daxctl reconfigure-device --mode=system-ram --no-online "${dax#/dev/}")"
blocks() { pmemctl user list memory --json | jq -c '.[] | select(.kind == "system-ram") | [.blocks, .blocks_online, .blocks_movable]'; }
same "memory that is offline blocks nothing" "" "$(blocks)"
size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
start=$(pmemctl device list --json | jq --arg dev "${dax#/dev/}" '.[] | select(.chardev == $dev) | .mappings[0].start')
first=$(((start + size - 1) / size))
total=$(daxctl list -d "${dax#/dev/}" | jq '.[0].total_memblocks // .total_memblocks')
echo online_movable > "/sys/devices/system/memory/memory$first/state"
same "one block is online, movable" "[$total,1,1]" "$(blocks)"
echo online_kernel > "/sys/devices/system/memory/memory$((first + total - 1))/state"
case $(blocks) in
"[$total,2,1]") ok "another is the kernel's" ;;
*) not_ok "another is the kernel's: $(blocks)" ;;
esac
refused "memory that is partly online" memory "2 of $total memory blocks online"
predicted "memory that is partly online" memory system-ram refused
for block in $first $((first + total - 1)); do echo offline > "/sys/devices/system/memory/memory$block/state"; done
daxctl reconfigure-device --mode=devdax --force "${dax#/dev/}" >&2
check "all can be destroyed" pmemctl namespace destroy --force --discard-content --yes device memory
