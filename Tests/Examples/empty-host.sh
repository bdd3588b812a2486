# Two DIMMs without namespaces.
# pages: bus-list dax-enable dimm-disable dimm-list dimm-show label-backup label-check label-init layout-schema namespace-create
# pages: region-disable region-enable region-list region-show sim-check sim-policy-explain sim-policy-list sim-policy-set
# pages: sim-process-list sim-provider-create sim-set-health sim-set-security sim-view undo-list
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
