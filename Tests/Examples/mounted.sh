# A mounted filesystem.
# pages: sim-umount sim-file-create
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim mount pmem0 /srv
