# A platform that scrubs, DIMMs whose firmware can be updated, and an image of it.
# pages: bus-scrub-start bus-scrub-status bus-scrub-wait dimm-firmware-show dimm-firmware-update sim-set-platform
# pages: sim-set-firmware
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB --dimm 2GiB
pmemctl sim set-platform --scrub-seconds 0 --activation suspend
pmemctl sim set-firmware nmem0
pmemctl sim set-firmware nmem1
printf image > fw.bin
