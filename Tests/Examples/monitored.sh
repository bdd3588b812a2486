# A DIMM whose health is bad, and a directory for Prometheus.
# pages: monitor
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB
pmemctl sim set-health nmem0 --complete --state critical
