# A namespace whose info block was overwritten.
# pages: infoblock-repair
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0
pmemctl namespace create --mode fsdax --size 1GiB --region region0
printf X | dd of="$PMEMCTL_SIM/nmem0.img" bs=1 seek=$(((1 << 30) + 4096)) conv=notrunc status=none
pmemctl sim reboot "$PMEMCTL_SIM"
