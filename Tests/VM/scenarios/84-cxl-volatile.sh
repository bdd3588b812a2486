# CXL regions of volatile memory (vm-test -Q -X): created, used by programs, removed, brought back.
. "$VM_TESTS/lib.sh"

# QEMU's devices cannot reach memory that is emulated like a register: none of it may come to be the kernel's own.
echo offline > /sys/devices/system/memory/auto_online_blocks
for module in cxl_acpi cxl_pci cxl_port cxl_mem cxl_pmem dax_cxl kmem device_dax; do
	modprobe "$module"
	/bin/busybox usleep 300000
done
for _ in $(seq 200); do
	[ "$(pmemctl status --json | jq '[.cxl.memdevs[] | select(.endpoint)] | length')" = 4 ] && break
	/bin/busybox usleep 50000
done
devices=/sys/bus/cxl/devices
left() { cat $devices/decoder*/dpa_size | sort | uniq -c | tr -s ' \n'; ls $devices | grep -c '^region'; }
empty=$(left)
# The devices of either kind, by host bridge.
volatile() { pmemctl status --json | jq -r '[.cxl.memdevs[] | select(.ram_size > 0)] | sort_by(.target)[].serial'; }
mapfile -t serials < <(volatile)
same 'there is one volatile device below each of two host bridges' 2 "${#serials[@]}"
first=${serials[0]} second=${serials[1]}

# Planned and refused before anything is done.
same 'the other order is refused, by host bridge' 1 "$(status pmemctl region create --window decoder0.1 "$second" "$first")"
case $(pmemctl region create --window decoder0.1 "$second" "$first" 2>&1) in
*'is below host bridge'*'pmemctl region create --window decoder0.1 mem'*) ok 'with the order that fits' ;;
*) not_ok 'with the order that fits' ;;
esac
same 'pmem of a volatile device is refused' 1 "$(status pmemctl region create --type pmem "$first")"
same 'and nothing is left' "$empty" "$(left)"

check 'a region of two ways is created' pmemctl region create "$first" "$second"
same 'in the window of both host bridges' 'decoder0.1 ram 2 4096' \
	"$(pmemctl status --json | jq -r '.cxl.decoders[].regions[] | "\(.window) \(.type) \(.interleave_ways) \(.interleave_granularity)"')"
region=$(pmemctl status --json | jq -r '.cxl.decoders[].regions[0].region // empty')
device=$(pmemctl device list --json | jq -r '.[0].chardev')
same 'its DAX device is system-ram, and offline' '["system-ram",0]' \
	"$(pmemctl device list --json | jq -c '.[0] | [.mode, .online_memblocks]')"
same 'as daxctl says' "$(daxctl list -d "$device" | jq -c '.[0] | [.chardev, .size, .mode]')" \
	"$(pmemctl device list --json | jq -c '.[0] | [.chardev, .size, .mode]')"
same 'what the region is made of is what cxl list says' \
	"$(cxl list -R -r "$region" | jq -c '.[0] // . | [.region, .resource, .size, .interleave_ways, .interleave_granularity]')" \
	"$(pmemctl region show "$region" --json | jq -c '.cxl | [.region, .resource, .size, .interleave_ways, .interleave_granularity]')"

# A program maps it.
check 'it becomes devdax' pmemctl device reconfigure --mode devdax "$device"
"$PROGRAMS/holder" map "/dev/$device" > /run/holder.out &
holder=$!
ready /run/holder.out
same 'its mapping is found' "[\"holder\",\"$device\"]" "$(pmemctl mapping list --json | jq -c '.[0] | [.comm, .device]')"
same 'and the region is not removed' 4 "$(status pmemctl region destroy "$region")"
same 'nor by all' 4 "$(status pmemctl region destroy all)"
kill "$holder"
wait "$holder" 2> /dev/null
check 'then it is' pmemctl region destroy "$region"
same 'and nothing is left of it' "$empty" "$(left)"
check 'undo brings it back' pmemctl undo run --yes
same 'with its device' "[\"$device\"]" "$(pmemctl device list --json | jq -c '[.[].chardev]')"
mapfile -t persistent < <(pmemctl status --json | jq -r '[.cxl.memdevs[] | select(.pmem_size > 0)] | sort_by(.target)[].serial')
check 'and one of persistent memory behind it' pmemctl region create --window decoder0.1 --size 512MiB "${persistent[@]}"
same 'both are there' '["pmem","ram"]' \
	"$(pmemctl status --json | jq -c '[.cxl.decoders[].regions[].type] | sort')"
check 'all are removed, the last first' pmemctl region destroy all
same 'and nothing is left of any' "$empty" "$(left)"
