# DIMMs with a passphrase.
# pages: dimm-security-erase dimm-security-freeze dimm-security-remove dimm-security-update keys-load dimm-security-overwrite dimm-security-wait
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl sim set-security nmem0
pmemctl sim set-security nmem1
pmemctl dimm security setup --new-master-key all
