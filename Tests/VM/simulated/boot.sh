# In a guest whose DIMMs are a simulated machine's: what is there, and whether it works. Run by sim-boot.
. "$VM_TESTS/lib.sh"

pmemctl status --json > "$OUT/kernel.json"
device() { pmemctl namespace show "$1" --json | jq -r '.blockdev // .daxregion.devices[0].chardev'; }

mkfs.ext4 -q -b 4096 "/dev/$(device files)" >&2
mkdir -p /run/files
same "the fsdax one mounts with DAX" 0 "$(status mount -o dax=always "/dev/$(device files)" /run/files)"
echo content > /run/files/file
umount /run/files

sector=/dev/$(device journal)
dd if=/dev/urandom of=/run/random bs=4096 count=256 2>/dev/null
check "the sector one is written" dd if=/run/random of="$sector" bs=4096 seek=1000 oflag=direct
same "and read back" "$(md5sum < /run/random)" "$(dd if="$sector" bs=4096 skip=1000 count=256 iflag=direct 2>/dev/null | md5sum)"
same "the kernel finds nothing wrong with its table" 0 \
	"$(ndctl disable-namespace "$(pmemctl namespace show journal --json | jq -r .dev)" >&2; status ndctl check-namespace "$(pmemctl namespace list --json | jq -r '.[] | select(.name=="journal") | .dev')")"
check "the devdax one is a character device" test -c "/dev/$(device vm)"
