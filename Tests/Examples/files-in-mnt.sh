# A filesystem with files that a process has mapped and opened.
# pages: sim-commit sim-io-begin sim-read sim-sync sim-truncate sim-write sim-writeback
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim mount pmem0 /mnt
pmemctl sim file create /mnt/a --size 1MiB
pmemctl sim file create /mnt/buffer --size 1MiB
pmemctl sim file create /mnt/storage --size 1MiB
pmemctl sim process start app --pid 100
pmemctl sim process start qemu --pid 812
pmemctl sim map 812 /mnt/a
pmemctl sim map 812 /mnt/buffer
