# A partition of a block device.
# pages: sim-partition-remove sim-partition-resize
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim partition create pmem0 --size 64MiB
