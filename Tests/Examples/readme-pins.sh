# A devdax namespace that qemu has pinned through RDMA and io_uring, and closed.
# readme: pmemctl pin list dax0.0
pmemctl sim create "$PMEMCTL_SIM" --dimm 2GiB
pmemctl namespace create --mode devdax --size 512MiB
pmemctl sim process start qemu --pid 812
pmemctl sim map 812 dax0.0
pmemctl sim pin 812 dax0.0 --offset 128MiB --length 64MiB --kind rdma
pmemctl sim pin 812 dax0.0 --offset 190MiB --length 8MiB --kind io_uring
