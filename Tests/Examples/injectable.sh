# A namespace in raw mode, and a DIMM that reports its health.
# pages: dimm-inject-smart dimm-set-alarm namespace-inject-error
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB
pmemctl namespace create --mode raw --size 256MiB --name cache
pmemctl sim set-health nmem0 --complete
