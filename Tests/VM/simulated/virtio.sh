# In a guest to which a simulated machine's DIMMs are virtio-pmem devices: what was created there is found. Run by sim-boot.
. "$VM_TESTS/lib.sh"

modprobe virtio_pmem
found() { pmemctl status --json | jq -c '[.buses[] | select(.provider | startswith("virtio")) | .regions[] | [.size, .namespaces[0].mode]] | sort'; }
for _ in $(seq 100); do
	[ "$(jq length <<< "$(found)")" = 2 ] && break
	/bin/busybox usleep 50000
done
same 'each DIMM is a region, in the mode that it had' '[[268435456,"sector"],[536870912,"fsdax"]]' "$(found)"
device=/dev/$(pmemctl namespace list --mode fsdax --json | jq -r '.[0].blockdev')
check 'fsdax mounts with DAX' mount -o dax=always "$(mkfs.ext4 -q -b 4096 "$device" && echo "$device")" /mnt
echo content > /mnt/file
same 'a file has DAX' true "$(pmemctl dax probe /mnt/file --json | jq .dax)"
umount /mnt
