# A DIMM with staged firmware, which is armed.
# pages: dimm-firmware-arm dimm-firmware-disarm dimm-firmware-activate
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB
pmemctl sim set-platform --activation suspend
pmemctl sim set-firmware nmem0
printf image | pmemctl dimm firmware update --image - nmem0
pmemctl dimm firmware arm nmem0
