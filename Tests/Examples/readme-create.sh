# Two regions with room.
# readme: pmemctl namespace create --usable 500MiB --name cache --dry-run
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB --dimm 4GiB
