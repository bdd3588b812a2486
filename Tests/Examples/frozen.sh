# A block device whose queue is stopped.
# pages: sim-thaw
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim freeze pmem0
