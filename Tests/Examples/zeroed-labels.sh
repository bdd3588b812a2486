# A DIMM whose labels were zeroed.
# pages: label-recover label-repair
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl namespace disable all
pmemctl region disable region0
pmemctl label zero --force nmem0
pmemctl sim reboot "$PMEMCTL_SIM"
