# Records what /proc and /sys of a host show of the users of its persistent memory, for PmemInspectTests and
# PmemctlCommandsTests to read again, with what pmemctl said of it then. By hand:
#
#   KEEP=/tmp/kept Tests/VM/vm-test -k 6.12 -e 0 Tests/VM/record/host.sh
#   cp /tmp/kept/recorded-*.tar.gz Tests/PmemctlCommandsTests/Fixtures/
. "$VM_TESTS/lib.sh"

label_all
pmemctl namespace create --region region0 --mode devdax --size 64MiB --name device > /dev/null
pmemctl namespace create --region region0 --mode fsdax --size 128MiB --name files > /dev/null
pmemctl namespace create --region region0 --mode fsdax --size 64MiB --name half > /dev/null
pmemctl namespace create --region region0 --mode sector --size 64MiB --name blocks > /dev/null
device=$(node device) files=$(node files) half=$(node half) blocks=$(node blocks)
modprobe loop
modprobe dm-mod
mkfs.ext4 -q -b 4096 "$files"
mkdir -p '/run/with space' /run/merged /run/lower
mount -o dax=always "$files" '/run/with space'
mkdir '/run/with space/upper' '/run/with space/work'
fallocate -l 4M $'/run/with space/new\nline'
fallocate -l 4M '/run/with space/gone'
fallocate -l 16M '/run/with space/disk'
mount -t overlay -o 'lowerdir=/run/lower,upperdir=/run/with space/upper,workdir=/run/with space/work' overlay /run/merged
fallocate -l 4M /run/merged/overlaid
mkswap "$blocks" > /dev/null && swapon "$blocks"
dmsetup create --noudevsync part --table "0 $((16 << 11)) linear $half 8" >&2
losetup -f --show '/run/with space/disk' >&2
mknod /run/odd-node c $((0x$(stat -c %t "$device"))) $((0x$(stat -c %T "$device")))

# From a place that says nothing of this machine.
cp -r "$PROGRAMS" /run/programs && PROGRAMS=/run/programs
pids=
keep() { hold "$@" && pids+=" $holder"; }
keep holder map "$device"
keep holder mapclosed /run/odd-node
keep holder mapclosed $'/run/with space/new\nline'
keep holder mapclosed '/run/with space/gone'
keep holder mapclosed /run/merged/overlaid
keep holder threadleader "$device"
keep holder open "$half"
keep holder mapclosed "$half"
rm '/run/with space/gone'

tree=/run/recorded
mkdir -p "$tree"
facts() { for file in "$@"; do
	stat -L -c "$file	%d %i $((0x$(stat -L -c %t "$file") * 1048576 + 0x$(stat -L -c %T "$file"))) %f" "$file" 2>/dev/null
done; }
# The special device as stat(2) numbers it, the mode in decimal.
plain() {
	local name numbers device inode special mode major minor
	while IFS=$'\t' read -r name numbers; do
		read -r device inode special mode <<< "$numbers"
		major=$((special >> 20)) minor=$((special & 0xfffff))
		echo "$name	$device $inode $(((major & 0xfff) << 8 | minor & 0xff | (minor & ~0xff) << 12)) $((0x$mode))"
	done
}
for pid in 1 $pids; do
	for thread in $(ls "/proc/$pid/task"); do
		mkdir -p "$tree/proc/$thread/fd" "$tree/proc/$thread/map_files" "$tree/proc/$thread/ns" "$tree/proc/$pid/task/$thread"
		for file in comm maps smaps stat status mountinfo; do cat "/proc/$thread/$file" > "$tree/proc/$thread/$file" 2>/dev/null; done
		for link in fd map_files ns; do cp -P "/proc/$thread/$link"/* "$tree/proc/$thread/$link/" 2>/dev/null; done
		facts "/proc/$thread"/fd/* "/proc/$thread"/map_files/*
		# Only the first thread is listed.
		[ "$thread" = "$pid" ] || echo "$thread" >> "$tree/threads"
	done
done | plain > "$tree/facts"
{ facts "$blocks" "$files" '/run/with space/disk' '/run/with space/upper' '/run/with space/upper/overlaid' /run/lower | plain
	inside=root
	for pid in 1 $pids; do facts "/proc/$pid/$inside/run/with space/upper" "/proc/$pid/$inside/run/with space/upper/overlaid" "/proc/$pid/$inside/run/lower"; done | plain
} >> "$tree/facts"
find "$tree" -type f -exec sed -i "s#$SOURCE#/source#g; /upperdir=\/run\/with/! s#upperdir=[^, ]*#upperdir=/layer#; s#$(realpath "$KERNEL_DIRECTORY")#/kernel#g" {} +
find "$tree" -type f -path '*/mountinfo' -exec sed -i '/usr\/lib\/modules/d' {} +
cat /proc/swaps > "$tree/proc/swaps"
mkdir -p "$tree/sys/class/block" "$tree/sys/fs/ext4" "$tree/sys/block" "$tree/sys/bus/dax/devices" "$tree/sys/devices/system/memory"
for block in /sys/class/block/*; do
	name=$(basename "$block")
	case $name in pmem* | dm-* | loop0) ;; *) continue ;; esac
	mkdir -p "$tree/sys/class/block/$name/holders" "$tree/sys/class/block/$name/slaves"
	cat "$block/dev" > "$tree/sys/class/block/$name/dev"
	for holder in "$block"/holders/*; do [ -e "$holder" ] && echo > "$tree/sys/class/block/$name/holders/$(basename "$holder")"; done
	for slave in "$block"/slaves/*; do [ -e "$slave" ] && echo > "$tree/sys/class/block/$name/slaves/$(basename "$slave")"; done
	[ ! -e "$block/dm/name" ] || { mkdir -p "$tree/sys/class/block/$name/dm"; cat "$block/dm/name" > "$tree/sys/class/block/$name/dm/name"; }
done
mkdir -p "$tree/sys/block/loop0/loop" && cat /sys/block/loop0/loop/backing_file > "$tree/sys/block/loop0/loop/backing_file"
for name in /sys/fs/ext4/*; do mkdir -p "$tree/sys/fs/ext4/$(basename "$name")"; done
for dax in /sys/bus/dax/devices/*; do
	mkdir -p "$tree/sys/bus/dax/devices/$(basename "$dax")"
	cat "$dax/dev" > "$tree/sys/bus/dax/devices/$(basename "$dax")/dev" 2>/dev/null
done
cat /sys/devices/system/memory/block_size_bytes > "$tree/sys/devices/system/memory/block_size_bytes"
pmemctl status --json > "$tree/status.json"
pmemctl mapping list --json --interface maps > "$tree/mappings.json"
pmemctl user list --json > "$tree/users.json"
tar -C "$tree" --owner=0 --group=0 --mtime=@0 --sort=name -czf "$OUT/recorded-$(uname -r | cut -d . -f 1,2).tar.gz" .
same "eight users were recorded" 8 "$(jq '[.[] | .pid] | unique | map(select(. != null)) | length' "$tree/users.json")"
