# A devdax namespace, and a process that does not use it yet.
# pages: device-disable device-list device-show device-reconfigure sim-map sim-pin sim-process-fork
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode devdax --size 3GiB --region region0
pmemctl sim process start qemu --pid 812
