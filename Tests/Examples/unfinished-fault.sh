# A page fault that has begun.
# pages: sim-fault-finish
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode devdax --size 3GiB --region region0
pmemctl sim process start qemu --pid 812
pmemctl sim map 812 dax0.0
pmemctl sim fault begin 812 0x7f0000200000 --write
