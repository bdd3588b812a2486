# A region that was given to a virtual machine.
# pages: dax-disable
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl dax enable region1 --for qemu
