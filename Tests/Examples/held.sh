# A block device that the kernel's nvmet holds.
# pages: sim-release
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim hold pmem0 --as nvmet
