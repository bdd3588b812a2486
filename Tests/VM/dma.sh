# What scenarios need for DMA: a soft-RoCE device, a PCI device behind the IOMMU.

# have_rdma: whether there is an RDMA device, which is made if need be.
have_rdma() {
	[ -e /sys/class/infiniband/rxe0 ] && return
	modprobe rdma_rxe 2>/dev/null || return
	ip link add dummy0 type dummy && ip addr add 10.0.0.1/24 dev dummy0 && ip link set dummy0 up
	rdma link add rxe0 type rxe netdev dummy0
}

# have_vfio: whether there is a network card that VFIO can give away; sets vfio_group.
have_vfio() {
	local nic
	modprobe vfio-pci 2>/dev/null && modprobe vfio_iommu_type1 2>/dev/null || return
	nic=$(grep -l 0x020000 /sys/bus/pci/devices/*/class | head -n 1)
	nic=$(basename "$(dirname "$nic")")
	[ -e "/sys/bus/pci/devices/$nic/iommu_group" ] || return
	echo vfio-pci > "/sys/bus/pci/devices/$nic/driver_override"
	[ ! -e "/sys/bus/pci/devices/$nic/driver" ] || echo "$nic" > "/sys/bus/pci/devices/$nic/driver/unbind"
	echo "$nic" > /sys/bus/pci/drivers_probe
	vfio_group=/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$nic/iommu_group")")
	[ -e "$vfio_group" ]
}
