# Direct I/O that has begun.
# pages: sim-io-finish
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim mount pmem0 /mnt
pmemctl sim file create /mnt/buffer --size 1MiB
pmemctl sim file create /mnt/storage --size 1MiB
pmemctl sim process start qemu --pid 812
pmemctl sim map 812 /mnt/buffer
pmemctl sim io begin 812 /mnt/buffer /mnt/storage
