# Disabled namespaces, one of them of a BTT.
# pages: namespace-check namespace-enable infoblock-read infoblock-verify
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name db-log
pmemctl namespace create --mode sector --size 1GiB --region region1 --name journal
pmemctl namespace disable all
