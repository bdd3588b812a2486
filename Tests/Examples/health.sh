# DIMMs that report their health.
# pages: dimm-health
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region1 --name db-log
pmemctl sim set-health nmem1 --complete
