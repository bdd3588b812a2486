# Two regions with room.
# pages: pmemctl
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB --dimm 4GiB
