# A devdax namespace, and no process.
# pages: sim-process-start
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode devdax --size 1GiB --region region0
