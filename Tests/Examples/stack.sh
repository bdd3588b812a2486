# A device-mapper device on two namespaces.
# pages: sim-stack-remove
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl namespace create --mode fsdax --size 1GiB --region region1
pmemctl sim stack create data pmem0 pmem1
