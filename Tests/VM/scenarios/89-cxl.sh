# CXL: two memory devices and a window (vm-test -x). What pmemctl prints is what sysfs and `cxl list` say.
. "$VM_TESTS/lib.sh"

[ -e /sys/bus/acpi/devices/ACPI0017:00 ] || {
	echo '# this machine has no CXL (vm-test -x)'
	exit 0
}
for module in cxl_acpi cxl_pci cxl_port cxl_mem; do modprobe "$module"; done
for _ in $(seq 200); do
	[ -e /sys/bus/cxl/devices/endpoint3 ] && break
	/bin/busybox usleep 50000
done
devices=/sys/bus/cxl/devices
cxl() { command cxl "$@" 2>&2; }
# mine FILTER: of what status has of CXL.
mine() { pmemctl status --json | jq -c ".cxl | $1"; }

# Devices and the window, before there is a region.
same 'devices are those of cxl list' \
	"$(cxl list -M | jq -c '[.[] | {memdev, pmem_size, serial, host}] | sort_by(.serial)')" \
	"$(mine '[.memdevs[] | {memdev, pmem_size, serial, host}] | sort_by(.serial)')"
same 'their serial numbers are those given to QEMU' '[4097,4098]' "$(mine '[.memdevs[].serial] | sort')"
window() { cxl list -D -d decoder0.0 | jq -c '.[0] // . | {decoder, resource, size, interleave_ways, max_available_extent, pmem_capable, volatile_capable}'; }
same 'the window is that of cxl list' "$(window)" \
	"$(mine '.decoders[0] | {decoder, resource, size, interleave_ways, max_available_extent, pmem_capable, volatile_capable}')"
same 'a device without cxl_pmem has no DIMM, and is listed' '["mem0","mem1"]' \
	"$(pmemctl dimm list --json | jq -c '[.[].dev | select(startswith("mem"))]')"
case $(pmemctl dimm show mem0) in *'mem0 -> endpoint'*' -> no region'*) ok 'its memory is in no region' ;; *) not_ok 'its memory is in no region' ;; esac

# Another user sees all but addresses.
setpriv --reuid 65534 --regid 65534 --clear-groups "$PMEMCTL" status --json > /run/other.json
same 'without root the address of the window is unknown, and so is its largest piece' '[null,null,4294967296]' \
	"$(jq -c '.cxl.decoders[0] | [.resource, .max_available_extent, .size]' < /run/other.json)"

# Without cxl_pmem no region of persistent memory is created: the driver of the region fails with ENXIO.
cxl create-region -d decoder0.0 -m mem0 mem1 -w 2 -g 4096 -t pmem >&2
same 'nor by pmemctl, which names the driver' 1 "$(status pmemctl region create mem0 mem1)"
case $(pmemctl region create mem0 mem1 2>&1) in *'modprobe cxl_pmem'*) ok 'with what to do' ;; *) not_ok 'with what to do' ;; esac
same 'there is no region without cxl_pmem' '[]' "$(mine '.decoders[0].regions')"

modprobe cxl_pmem
for _ in $(seq 200); do
	[ "$(ls -d /sys/bus/nd/devices/nmem*/cxl 2>/dev/null | wc -l)" = 2 ] && break
	/bin/busybox usleep 50000
done
# left: what a refused or removed region has left of decoders, addresses and names.
left() { cat $devices/decoder[23].0/dpa_size; ls $devices | grep -c '^region'; }
check 'what cxl-cli has left allocated to decoders is free' pmemctl region create mem0 mem1
check 'a region goes as it came' pmemctl region destroy all
empty=$(left)
same 'and leaves nothing' 0 "$(echo "$empty" | tail -n1)$(echo "$empty" | tr -d '0x\n')"
# Each is refused with nothing left behind.
refused() { same "refused: $1" "$2 $empty" "$(status pmemctl region create "${@:3}") $(left)"; }
refused 'a device twice' 64 mem0 mem0
refused 'a granularity that is none' 64 --granularity 300 mem0 mem1
refused 'half of what decoders can have' 64 --size 256MiB mem0 mem1
refused 'more than there is' 1 --size 8GiB mem0 mem1
refused 'a window that is not there' 3 --window decoder0.7 mem0
refused 'volatile memory, of which there is none' 1 --type ram mem0
dry=$(pmemctl region create mem1 mem0 --dry-run)
case $dry in *'1 GiB'*'mem1 (serial '*'), mem0 (serial '*) ok 'the plan has its size and the order' ;; *) not_ok "the plan has its size and the order: $dry" ;; esac
same 'and changes nothing' "$empty" "$(left)"

check 'a region of two ways is created' pmemctl region create --granularity 4KiB mem0 mem1
region=$(cxl list -R | jq -r '(.[0] // .).region')
same 'the region is that of cxl list' \
	"$(cxl list -R -T | jq -c '(.[0] // .) | {region, resource, size, interleave_ways, interleave_granularity, decode_state, mappings: .mappings | sort_by(.position)}')" \
	"$(mine '.decoders[0].regions[0] | {region, resource, size, interleave_ways, interleave_granularity, decode_state, mappings}')"
for _ in $(seq 200); do
	[ -e "/sys/bus/nd/devices/$region/size" ] && break
	/bin/busybox usleep 50000
done
udevadm settle 2>/dev/null
# From each device to its DIMM, by the kernel's own link.
for device in mem0 mem1; do
	bridge=$(cd "$devices/$device" && ls -d pmem[0-9]*)
	dimm=$(grep -lx "$bridge" /sys/bus/nd/devices/nmem*/cxl/provider | cut -d/ -f6)
	same "the DIMM of $device is $dimm" "$dimm" "$(mine ".memdevs[] | select(.memdev == \"$device\") | .dimm" | tr -d '"')"
	same "its id is the serial number" "$(($(cat "$devices/$device/serial")))" \
		"$(pmemctl dimm list "$dimm" --json | jq -r '.[0].id')"
	host=$(basename "$(dirname "$(readlink -f "$devices/$device")")")
	same "its PCI address is a name of it" "$dimm" "$(pmemctl dimm list -q "$host")"
done
same 'the window has what is left' "$(window | jq -c .max_available_extent)" "$(mine '.decoders[0].max_available_extent')"

pmemctl namespace create --region "$region" --mode devdax --size 64MiB --name ways >&2
pmemctl namespace create --region "$region" --mode fsdax --size 128MiB --name files >&2
dax=$(basename "$(node ways)")
# chain POSITION END: as sysfs has it.
chain() {
	local decoder endpoint device host
	decoder=$(cat "$devices/$region/target$1")
	endpoint=$(basename "$(dirname "$(readlink -f "$devices/$decoder")")")
	device=$(readlink -f "$devices/$endpoint/uport")
	host=$(basename "$(dirname "$device")")
	echo "$host $(basename "$device") -> $decoder -> $region ($(cat "$devices/$region/interleave_ways") ways, 4 KiB, position $1) -> nd $region -> $2"
}
ways="$(kernel_name ways) -> $dax"
files="$(kernel_name files) -> $(basename "$(node files)")"
lines() { sed -n 's/^CXL  *\(.* -> .*\)/\1/p'; }
same 'a namespace shows both ways to it' "$(chain 0 "$ways"; chain 1 "$ways")" "$(pmemctl namespace show ways | lines)"
same 'so does its DAX device' "$(chain 0 "$ways"; chain 1 "$ways")" "$(pmemctl device show "$dax" | lines)"
same 'a region shows all that is on it' "$(chain 0 "$ways, $files"; chain 1 "$ways, $files")" "$(pmemctl region show "$region" | lines)"
position0=$(pmemctl dimm list -q "$(chain 0 x | cut -d' ' -f1)")
same 'a DIMM shows its own way' "$(chain 0 "$ways, $files")" "$(pmemctl dimm show "$position0" | lines)"
same 'DIMMs are in the order of their positions' "$position0, $(pmemctl dimm list -q "$(chain 1 x | cut -d' ' -f1)")" \
	"$(pmemctl region show "$region" | sed -n 's/^DIMMs *//p')"
pmemctl status >&2

# What is refused late changes nothing either.
one=$(cat $devices/decoder[23].0/dpa_size)
same 'a device has no second decoder' 1 "$(status pmemctl region create mem0)"
same 'nothing is allocated by that' "$one" "$(cat $devices/decoder[23].0/dpa_size)"

# What pmemctl reports beforehand is what then happens: cxl-cli checks for no user.
mkdir -p /mnt/cxl
mkfs.ext4 -q -F -b 4096 "$(node files)" >&2
mount "$(node files)" /mnt/cxl
dd if=/dev/urandom of=/mnt/cxl/data bs=1M count=2 2>/dev/null
sync
sum=$(sha256sum < /mnt/cxl/data)
same 'a mounted region is not disabled' 4 "$(status pmemctl region disable "$region")"
said=$(pmemctl region disable "$region" 2>&1)
case $said in *"cxl disable-region $region would not refuse:"*'shut down'*) ok 'what cxl disable-region would do is reported' ;; *) not_ok "what cxl disable-region would do is reported: $said" ;; esac
case $(pmemctl user list "$region") in *'the filesystem would be shut down'*) ok 'user list says so too' ;; *) not_ok 'user list says so too' ;; esac
recipe=$(printf '%s\n' "$said" | sed -n 's/.*comes back, with its data, by: //p')
same 'and what brings the region back' "pmemctl region create --window decoder0.0 --granularity 4096 --size 1073741824 $(mine '.decoders[0].regions[0].mappings | map(.memdev) | join(" ")' | tr -d '"')" "$recipe"
same 'a mounted region is not removed' 4 "$(status pmemctl region destroy "$region")"
same 'nor with leave to break mappings of it' 4 "$(status pmemctl region destroy "$region" --break-mappings --yes)"
check 'it is all there' test "$(sha256sum < /mnt/cxl/data)" = "$sum"

cxl disable-region "$region" >&2
echo 3 > /proc/sys/vm/drop_caches
check 'cxl disable-region takes it from under the filesystem' test "$(sha256sum < /mnt/cxl/data 2>/dev/null)" != "$sum"
umount /mnt/cxl
case $(pmemctl dimm show mem0) in *" -> $region (2 ways, 4 KiB, position"*' -> disabled'*) ok 'the way ends there' ;; *) not_ok 'the way ends there' ;; esac
same 'a disabled region is a problem' 1 "$(status pmemctl doctor)"
case $(pmemctl doctor 2>&1) in *"pmemctl region enable $region"*) ok 'and doctor says what enables it' ;; *) not_ok 'and doctor says what enables it' ;; esac
check 'which does' pmemctl region enable "$region"
mount "$(node files)" /mnt/cxl
same 'the file is there again' "$sum" "$(sha256sum < /mnt/cxl/data)"
umount /mnt/cxl
same 'a second time there is nothing to do' 0 "$(status pmemctl region enable "$region")"
cxl disable-region "$region" >&2
cxl destroy-region -f "$region" >&2
case $(pmemctl doctor 2>&1) in *'512 MiB of the pmem of mem0 are in no CXL region'*) ok 'memory in no region is reported' ;; *) not_ok 'memory in no region is reported' ;; esac
# shellcheck disable=SC2086
$recipe >&2
for _ in $(seq 200); do
	kernel_name files > /run/found 2>/dev/null && break
	/bin/busybox usleep 50000
done
check 'the recipe brings the namespaces back' test -s /run/found
mount "$(node files)" /mnt/cxl
same 'and the file' "$sum" "$(sha256sum < /mnt/cxl/data)"
umount /mnt/cxl
region=$(cxl list -R | jq -r '(.[0] // .).region')
plan=$(pmemctl region disable "$region" --dry-run)
case $plan in *'by position: mem'*'serial'*'pmemctl region create'*) ok 'the plan says what it is made of' ;; *) not_ok "the plan says what it is made of: $plan" ;; esac
check 'an idle region is disabled' pmemctl region disable "$region"
check 'and enabled' pmemctl region enable "$region"
check 'a change keeps the recipe' pmemctl namespace destroy --force ways
case $(pmemctl undo show "$(pmemctl undo list --json | jq -r '[.[].id] | max')") in *'consisted of mem'*'pmemctl region create'*) ok 'undo show has it' ;; *) not_ok 'undo show has it' ;; esac
check 'and the change can be undone' pmemctl undo run --yes

# The labels of both are zeroed: what is interleaved is read through a label for all of it, and comes back.
pmemctl namespace create --region "$region" --mode sector --size 64MiB --name table >&2
fields='[.[] | [.mode, .uuid, .raw_uuid, .raw_size, .resource]] | sort_by(.[4])'
before=$(pmemctl namespace list --json | jq -c "$fields")
members=$(pmemctl region list "$region" --json | jq -r ".[0].mappings[].dimm")
ndctl disable-region "$region" >&2
# shellcheck disable=SC2086
ndctl zero-labels $members >&2
ndctl enable-region "$region" >&2
check 'zeroed labels of both: recovered' pmemctl label recover "${members%%$'\n'*}" --yes
same 'zeroed labels of both: the namespaces are what they were' "$before" "$(pmemctl namespace list --json | jq -c "$fields")"
mount "$(node "$(pmemctl namespace list --json | jq -r '[.[] | select(.mode == "fsdax")][0].dev')")" /mnt/cxl
same 'zeroed labels of both: the file' "$sum" "$(sha256sum < /mnt/cxl/data)"
umount /mnt/cxl

# Removed, and brought back: by undo, by what the plan said, and by undoing that.
before=$(pmemctl namespace list --json | jq -c "$fields")
region=$(cxl list -R | jq -r '(.[0] // .).region')
said=$(pmemctl region destroy "$region" --dry-run | sed -n 's/.*brings the region back, with its data: //p')
check 'an idle region is removed' pmemctl region destroy "$region"
same 'and nothing is left of it' "$empty" "$(left)"
check 'undo brings it back' pmemctl undo run --yes
same 'with its namespaces' "$before" "$(pmemctl namespace list --json | jq -c "$fields")"
check 'removed again' pmemctl region destroy all
# shellcheck disable=SC2086
check 'what the plan said brings it back' $said
same 'with its namespaces, once more' "$before" "$(pmemctl namespace list --json | jq -c "$fields")"
mount "$(node "$(pmemctl namespace list --json | jq -r '[.[] | select(.mode == "fsdax")][0].dev')")" /mnt/cxl
same 'and the file' "$sum" "$(sha256sum < /mnt/cxl/data)"
pmemctl layout export > /run/cxl.layout
same 'the creation is not undone while a filesystem is mounted' 4 "$(status pmemctl undo run --yes)"
umount /mnt/cxl
check 'then it is' pmemctl undo run --yes
same 'and nothing is left of it, once more' "$empty" "$(left)"

# A layout brings it back, as at boot: the kernel has forgotten the region, the devices have the labels.
same 'its layout has something to do then' 2 "$(status pmemctl layout plan /run/cxl.layout)"
check 'and does it' pmemctl layout apply /run/cxl.layout
same 'with its namespaces, by the layout' "$before" "$(pmemctl namespace list --json | jq -c "$fields")"
mount "$(node "$(pmemctl namespace list --json | jq -r '[.[] | select(.mode == "fsdax")][0].dev')")" /mnt/cxl
same 'and the file, by the layout' "$sum" "$(sha256sum < /mnt/cxl/data)"
umount /mnt/cxl
same 'a second time there is nothing to do' 0 "$(status pmemctl layout plan /run/cxl.layout)"
check 'it is undone' pmemctl undo run --yes
same 'and nothing is left of it, but the labels' "$empty" "$(left)"

# In the other order the labels do not fit.
check 'another order is another region' pmemctl region create --granularity 4KiB mem1 mem0
same 'which has none of the namespaces' '[]' "$(pmemctl namespace list --json | jq -c "[.[] | select(.mode != \"raw\" and .raw_uuid != null)]")"
check 'it is removed' pmemctl region destroy all
check 'one device alone' pmemctl region create mem1
same 'is half of it' 536870912 "$(pmemctl region list --json | jq '[.[] | select(.size == 536870912)][0].size')"
check 'and goes' pmemctl region destroy all

# Killed at three moments: what is unfinished is undone, and the next one finds all free.
for delay in 300000 800000 1300000; do
	"$PMEMCTL" region create mem0 mem1 >&2 &
	creating=$!
	/bin/busybox usleep "$delay"
	kill -9 "$creating" 2>/dev/null
	wait "$creating" 2>/dev/null
	[ "$(pmemctl undo list --json | jq '[.[] | select(.state == "begun")] | length')" = 0 ] || pmemctl undo run --yes >&2
	[ "$(ls $devices | grep -c '^region')" = 0 ] || pmemctl region destroy all >&2
	check "killed after $delay us: the next is created" pmemctl region create mem0 mem1
	check 'and removed' pmemctl region destroy all
	same 'and nothing is left' "$empty" "$(left)"
done

# The examples of the manual, as printed.
for page in region-create region-destroy; do
	sed -n 's/^\.Dl //p' "$SOURCE/man/pmemctl-$page.8" | sed 's/\\-/-/g' | while read -r line; do
		# shellcheck disable=SC2086
		check "$line" $line
	done
done
same 'after the examples nothing is left' "$empty" "$(left)"
