# What calls ndctl by its name where no person does, with pmemctl in its place: dracut's module, modprobe.d's line of the
# package, and its init script. DRACUT is the directory that dracut-core is unpacked in.
. "$VM_TESTS/lib.sh"

rm -f /usr/bin/ndctl /usr/bin/daxctl
ln -s "$PMEMCTL" /usr/bin/ndctl
ln -s "$PMEMCTL" /usr/bin/daxctl
export dracutbasedir=$DRACUT/usr/lib/dracut
mkdir -p /run/dracut /run/image
"$DRACUT/usr/bin/dracut" --force --no-hostonly --no-early-microcode --compress cat --tmpdir /run/dracut \
	--modules 'base nvdimm' --kver "$(uname -r)" /run/initrd >&2
cd /run/image || exit 1
cpio -idm < /run/initrd 2> /dev/null
check "dracut's module takes ndctl along" test -x usr/bin/ndctl
for place in proc sys dev; do mkdir -p $place && mount --bind "/$place" $place; done
same 'load-keys there, without keys, is silent and no failure' '0 ' "$(said=$(chroot . /usr/bin/ndctl load-keys 2>&1 < /dev/null); echo "$? $said")"
same 'list there' "$(ndctl list -Rv)" "$(chroot . /usr/bin/ndctl list -Rv)"
for place in proc sys dev; do umount $place; done
cd /run || exit 1

same 'modprobe.d has load-keys run' 1 "$(grep -c '^install libnvdimm /usr/bin/ndctl load-keys' /etc/modprobe.d/nvdimm-security.conf)"
regions=$(ndctl list -R)
ndctl disable-region all >&2
modprobe -r nfit nd_pmem nd_btt dax_pmem nd_e820 device_dax >&2
[ ! -e /sys/bus/nd ] || modprobe -r libnvdimm >&2
check 'no descriptor of it keeps libnvdimm' test ! -e /sys/bus/nd
check 'modprobe by that line' modprobe nfit
modprobe -a nd_pmem nd_btt dax_pmem
same 'the regions are back' "$regions" "$(ndctl list -R)"
check 'the init script of its monitor' /etc/init.d/ndctl-monitor start
for _ in $(seq 100); do
	pgrep -x ndctl > /dev/null || break
	/bin/busybox usleep 100000
done
same 'no DIMM has SMART: no daemon stays' '' "$(pgrep -x ndctl)"
