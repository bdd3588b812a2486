# The image of a guest's NVDIMM, and a host.
# pages: sim-import
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name db-log
pmemctl sim create guest --dimm 256MiB
pmemctl --sim guest namespace create --mode fsdax --size 64MiB
cp guest/*.img guest/nvdimm0.img
