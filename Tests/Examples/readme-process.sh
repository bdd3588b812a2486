# A devdax namespace on region1.
# readme: pmemctl sim process start qemu --pid 812
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB --dimm 4GiB
pmemctl namespace create --mode devdax --region region1
