# A devdax namespace that qemu has mapped and in part pinned.
# pages: mapping-list pin-list sim-dma sim-fault-begin sim-touch sim-unbind sim-unmap sim-unpin sim-process-stop
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode devdax --size 3GiB --region region0
pmemctl sim process start qemu --pid 812
pmemctl sim map 812 dax0.0
pmemctl sim pin 812 dax0.0 --offset 1GiB --length 64MiB --kind rdma --number 1
