# Takes pinned memory away, as pmemctl never does: what it said of that is so. The kernel may not live to tell: vm-crash reads
# the console. HOLDER says how the memory is held.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/dma.sh"

label_all
pmemctl namespace create --region region0 --mode devdax --size 256MiB --name device > /dev/null
device=$(node device)
case $HOLDER in
io_uring | vmsplice) hold pinner "$HOLDER" "$device" $((2 << 20)) ;;
rdma) have_rdma && hold verbs "$device" 0 $((2 << 20)) ;;
vfio) have_vfio && hold vfio "$vfio_group" "$device" $((2 << 20)) ;;
esac || { echo "# this kernel cannot hold device-dax memory by $HOLDER"; exit 0; }
echo "# said: $(effect device pin)"
same "refused by pmemctl" 4 "$(status pmemctl namespace disable device)"
case $HOLDER in
vmsplice) ;;
*) case $(pmemctl namespace disable device 2>&1) in *"($holder)"*) ok "who names its holder" ;; *) not_ok "who names its holder" ;; esac ;;
esac
same "done by ndctl" 0 "$(status ndctl disable-namespace "$(kernel_name device)")"
sync
let_go
/bin/busybox sleep 3
echo "# the kernel lives"
