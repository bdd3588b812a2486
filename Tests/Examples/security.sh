# A DIMM that can have a passphrase, and has none.
# pages: dimm-security-setup dimm-security-show
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl sim set-security nmem0
