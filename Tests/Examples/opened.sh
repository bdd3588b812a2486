# A process that has a block device open.
# pages: sim-close
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim process start dd --pid 812
pmemctl sim open 812 /dev/pmem0
