# CXL regions at random (SEED, CXL_CHANGES), on QEMU's devices (vm-test -x, -X or -Q -X) and on a simulated machine like them, in
# lockstep: the same answers, and the same regions, decoders and namespaces.
. "$VM_TESTS/lib.sh"

[ -e /sys/bus/acpi/devices/ACPI0017:00 ] || {
	echo '# this machine has no CXL (vm-test -x)'
	exit 0
}
# QEMU's devices cannot reach memory that is emulated like a register: none of it may come to be the kernel's own.
echo offline > /sys/devices/system/memory/auto_online_blocks
for module in cxl_acpi cxl_pci cxl_port cxl_mem cxl_pmem dax_cxl kmem; do
	modprobe "$module"
	/bin/busybox usleep 500000
done
count=$(ls -d /sys/bus/cxl/devices/mem* | wc -l)
for _ in $(seq 200); do
	[ "$(ls -d /sys/bus/nd/devices/nmem*/cxl 2>/dev/null | wc -l)" = "$count" ] && break
	/bin/busybox usleep 50000
done
"$(dirname "$PMEMCTL")/pmemctl-lockstep" --cxl /run/cxl "$SEED" "$CXL_CHANGES"
