# A namespace without a filesystem, and a process.
# pages: sim-mount sim-open sim-freeze
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim process start app --pid 812
