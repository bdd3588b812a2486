# virtio-pmem: DAX that is not synchronous, since only fsync reaches the host's disk.
. "$VM_TESTS/lib.sh"

modprobe virtio_pmem
for _ in $(seq 100); do
	name=$(pmemctl status --json | jq -r '.buses[] | select(.provider | startswith("virtio")) | .regions[].namespaces[0].blockdev // empty')
	[ -n "$name" ] && break
	/bin/busybox usleep 50000
done
check 'it is there' test -b "/dev/$name"
causes() { pmemctl dax status --json | jq -c --arg name "$1" '[.[] | select(.name == $name) | .causes[].cause]'; }
same 'called not synchronous' '["not-synchronous"]' "$(causes "$(kernel_name "$name")")"
mkfs.ext4 -q -F -b 4096 "/dev/$name" >&2
mkdir -p /mnt/virtio && mount -o dax=always "/dev/$name" /mnt/virtio
dd if=/dev/zero of=/mnt/virtio/file bs=1M count=4 2>/dev/null
same 'a file has DAX, and no MAP_SYNC' '[true,false]' "$(pmemctl dax probe /mnt/virtio/file --json | jq -c '[.dax, .sync]')"
umount /mnt/virtio
