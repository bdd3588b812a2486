# Saved labels, in both formats.
# pages: label-restore label-write
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl label backup all --output labels.json
pmemctl label read nmem0 --output nmem0.labels
pmemctl namespace disable all
pmemctl region disable region0
