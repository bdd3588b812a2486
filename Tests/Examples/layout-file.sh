# A layout in layout.yaml that is in place.
# pages: layout-apply layout-plan
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl layout export > layout.yaml
