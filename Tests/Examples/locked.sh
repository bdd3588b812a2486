# DIMMs that are locked.
# pages: dimm-security-unlock
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl sim set-security nmem0
pmemctl sim set-security nmem1
pmemctl dimm security setup --new-master-key all
pmemctl sim reboot "$PMEMCTL_SIM"
