# In a guest whose DIMMs are a simulated machine's: what is there, and whether all of it works. Run by sim-boot.
. "$VM_TESTS/lib.sh"

pmemctl status --json > "$OUT/kernel.json"

use_fsdax() {
	local device=/dev/$1
	mkfs.ext4 -q -b 4096 "$device" && mkdir -p /run/files && mount -o dax=always "$device" /run/files &&
		echo content > /run/files/file && umount /run/files && mount -o dax=always "$device" /run/files &&
		grep -q content /run/files/file && umount /run/files
}

use_devdax() { "$PROGRAMS/map" "/dev/$1" "$2"; }

# 1 MiB somewhere in the middle, written and read back beside the page cache.
use_blocks() {
	local device=/dev/$1 place=$(($2 / 2 / 4096))
	dd if=/dev/urandom of=/run/random bs=4096 count=256 2>/dev/null &&
		dd if=/run/random of="$device" bs=4096 seek="$place" oflag=direct 2>/dev/null &&
		dd if="$device" bs=4096 skip="$place" count=256 iflag=direct 2>/dev/null | cmp - /run/random
}

while read -r dev mode size device sector; do
	case $mode in
	fsdax) check "$dev: fsdax mounts with DAX" use_fsdax "$device" ;;
	devdax) check "$dev: devdax maps" use_devdax "$device" "$size" ;;
	*) check "$dev: $mode reads and writes" use_blocks "$device" "$size" ;;
	esac
	# ndctl 76 finds fault with any table for blocks that carry metadata, also the kernel's own.
	if [ "$mode:$sector" = sector:512 ] || [ "$mode:$sector" = sector:4096 ]; then
		ndctl disable-namespace "$dev" >&2
		check "$dev: the kernel finds nothing wrong with its table" ndctl check-namespace "$dev"
	fi
done < <(jq -r '.buses[].regions[].namespaces[] | select(.state == null) |
	[.dev, .mode, .size, (.blockdev // .daxregion.devices[0].chardev), .sector_size] | @tsv' "$OUT/kernel.json")
