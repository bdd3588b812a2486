# Three changes in the undo journal.
# pages: undo-show
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl namespace create --mode devdax --size 1GiB --region region0 --name vm-a
pmemctl namespace rename vm-a vm-b
