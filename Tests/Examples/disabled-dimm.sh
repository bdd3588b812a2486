# A DIMM that is disabled, and so its region.
# pages: dimm-enable
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl region disable region0
pmemctl dimm disable nmem0
