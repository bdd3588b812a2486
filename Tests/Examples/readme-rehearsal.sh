# A host with a namespace.
# readme: sudo pmemctl status --json | pmemctl sim import rehearsal --inventory -
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB --dimm 4GiB
pmemctl namespace create --mode fsdax --size 1GiB --name db-log
