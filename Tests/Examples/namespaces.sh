# Idle namespaces of every mode.
# pages: dax-status doctor label-read label-zero layout-export namespace-clear-errors namespace-disable namespace-list
# pages: namespace-reconfigure namespace-rename namespace-show status undo-run user-list sim-bind sim-crash sim-hold
# pages: sim-inject-error sim-node sim-swapon sim-partition-create sim-stack-create namespace-destroy
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl namespace create --mode devdax --size 1GiB --region region0 --name vm-a
pmemctl namespace create --mode fsdax --size 1GiB --region region1 --name db-log
pmemctl namespace create --mode sector --size 1GiB --region region1 --name journal
