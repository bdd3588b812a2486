# A filesystem with files on a namespace, mounted as the examples have it.
# pages: dax-probe sim-file-list sim-file-remove
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl sim mount pmem0 /srv
pmemctl sim file create /srv/db --size 64MiB
pmemctl sim process start app --pid 812
