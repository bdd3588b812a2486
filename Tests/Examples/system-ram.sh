# A namespace that is memory of the kernel.
# pages: device-offline
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode devdax --size 3GiB --region region0
pmemctl device reconfigure --mode system-ram dax0.0
