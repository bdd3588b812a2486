# A DAX device that is disabled.
# pages: device-enable
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode devdax --size 3GiB --region region0
pmemctl device disable dax0.0
