# A region without namespaces.
# readme: pmemctl dax enable region1 --for qemu
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB --dimm 4GiB
