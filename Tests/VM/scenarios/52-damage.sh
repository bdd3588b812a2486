# Damaged media on the kernel: what doctor suggests brings the files back.
. "$VM_TESTS/lib.sh"

# What others left there would be found again.
label_all
pmemctl namespace create --region region0 --mode raw --name whole >&2
dd if=/dev/zero of="$(node whole)" bs=4M status=none conv=fsync 2> /dev/null
pmemctl namespace destroy --force --discard-content --yes whole >&2
label_all
for mode in fsdax devdax sector; do
	pmemctl namespace create --region region0 --mode $mode --size 128MiB --name $mode >&2
done
file() { mount "$(node "$1")" /mnt && sha256sum < /mnt/file && umount /mnt; }
for name in fsdax sector; do
	mkfs.ext4 -q "$(node $name)" >&2 && mount "$(node $name)" /mnt &&
		head -c 1000000 /dev/urandom > /mnt/file && sha256sum < /mnt/file > "/run/$name.sum" && umount /mnt
done
same 'nothing is wrong at first' 'no problems found' "$(pmemctl doctor)"

# below NAME COMMAND: runs a command on /dev/pmem*, while the namespace is raw.
below() {
	local dev=/sys/bus/nd/devices/$(kernel_name "$1")
	ndctl disable-namespace "$(basename "$dev")" >&2
	echo 1 > "$dev/force_raw"
	ndctl enable-namespace "$(basename "$dev")" >&2
	"$2" "$(node "$1")" >&2
	ndctl disable-namespace "$(basename "$dev")" >&2
	echo 0 > "$dev/force_raw"
	ndctl enable-namespace "$(basename "$dev")" >&2
}
# cure NAME WORDS: doctor says so, and what it suggests leaves nothing to say.
cure() {
	local said command
	said=$(pmemctl doctor)
	case $said in *"$2"*) ok "$1: doctor says \"$2\"" ;; *) not_ok "$1: doctor says: $said" ;; esac
	command=$(sed -n 's/^ *try: pmemctl \(.*repair.*\)/\1/p' <<< "$said" | head -n 1)
	# shellcheck disable=SC2086
	check "$1: pmemctl $command" pmemctl $command --yes
	same "$1: nothing is left to say" 'no problems found' "$(pmemctl doctor)"
}
files() { for name in fsdax sector; do same "$1: the file on $name" "$(cat "/run/$name.sum")" "$(file $name)"; done; }

flip() { dd if="$1" bs=1 skip=4160 count=1 2>/dev/null | tr '\000-\377' '\001-\377\000' | dd of="$1" bs=1 seek=4160 conv=notrunc 2>/dev/null; }
below fsdax flip
cure 'a damaged info block' 'is presented as raw'
files 'a damaged info block'

wipe() { dd if=/dev/zero of="$1" bs=4096 count=1 conv=notrunc 2>/dev/null; }
wipe_both() { wipe "$1" && dd if=/dev/zero of="$1" bs=4096 seek=$((128 * 256 - 1)) count=1 conv=notrunc 2>/dev/null; }
below sector wipe
cure 'the first BTT info block' 'its first BTT info block is lost'
below sector wipe_both
cure 'both BTT info blocks' 'no info block is there'
files 'both BTT info blocks'

# write_labels COMMAND: changes the label area as a file.
write_labels() {
	ndctl read-labels -o /run/labels nmem0 >&2 && "$1" /run/labels && ndctl disable-region region0 >&2
	ndctl write-labels -i /run/labels nmem0 >&2
	ndctl disable-dimm nmem0 >&2
	ndctl enable-dimm nmem0 >&2
	ndctl enable-region region0 >&2
	true
}
# The last active label's checksum.
label_offset() { grep -obUaP "$1\x00" "$2" | tail -n 1 | cut -d: -f1; }
break_checksum() { printf 'U' | dd of="$1" bs=1 seek=$(($(label_offset devdax "$1") - 16 + 248)) conv=notrunc 2>/dev/null; }
write_labels break_checksum
cure 'a label without its checksum' 'counts as free'
files 'a label without its checksum'
same 'nothing is wrong at last' 'no problems found' "$(pmemctl doctor)"
