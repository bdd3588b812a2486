# A DIMM whose labels were zeroed.
# pages: label-recover label-repair
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl namespace disable all
pmemctl region disable region0
pmemctl label zero --force nmem0
pmemctl sim reboot "$PMEMCTL_SIM"
# A guest's, likewise.
pmemctl sim create guest --dimm 256MiB
pmemctl --sim guest namespace create --mode fsdax --size 64MiB
cp guest/nmem0.img guest/nvdimm0.img
dd if=/dev/zero of=guest/nvdimm0.img bs=128K seek=2048 count=1 conv=notrunc status=none
