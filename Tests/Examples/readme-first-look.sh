# A host with room, whose DIMMs can have a passphrase, and a master key.
# readme: pmemctl status                                  # the whole machine on one screen, drawn to scale, CXL included
pmemctl sim create "$PMEMCTL_SIM" --dimm 32GiB --dimm 32GiB
pmemctl sim set-security nmem0
pmemctl sim set-security nmem1
pmemctl sim set-health nmem0 --complete
pmemctl sim set-health nmem1 --complete
pmemctl dimm security setup --new-master-key nmem1
pmemctl sim set-platform --scrub-seconds 0
pmemctl sim set-firmware nmem0
