# ndctl's own shell tests with ndctl and daxctl being pmemctl (SUITE_TOOL=stock: the package's), on the kernel's simulated
# NVDIMMs. SUITE is the directory of the tests, SUITE_TESTS which ones.
. "$VM_TESTS/lib.sh"

links=/run/as
mkdir -p "$links" /run/suite
ln -sf "$PMEMCTL" "$links/ndctl"
ln -sf "$PMEMCTL" "$links/daxctl"
[ "$SUITE_TOOL" != stock ] || links=/usr/bin
export NDCTL=$links/ndctl DAXCTL=$links/daxctl CXL=/bin/true TEST_PATH=${SUITE_BUILT:-$SUITE} DATA_PATH=$SUITE
# What the tests look for in the journal is in the kernel's log.
printf '#!/bin/sh\nexec dmesg\n' > /run/suite/journalctl
chmod +x /run/suite/journalctl
export PATH=/run/suite:$PATH
mount -t debugfs none /sys/kernel/debug 2> /dev/null || true
/lib/systemd/systemd-udevd --daemon > /dev/null 2>&1 || /usr/lib/systemd/systemd-udevd --daemon > /dev/null 2>&1 || true

for test in $SUITE_TESTS; do
	start=$EPOCHSECONDS
	# What one test leaves on QEMU's DIMMs is in the way of the next.
	modprobe nfit_test 2> /dev/null || { dmsetup remove_all 2> /dev/null; label_all; }
	status=0
	timeout 600 "$SUITE/$test.sh" > "/run/suite/$test" 2>&1 < /dev/null || status=$?
	case $status in
	0) ok "$test ($((EPOCHSECONDS - start)) s)" ;;
	77) ok "$test # SKIP $(tail -n 1 "/run/suite/$test")" ;;
	*)
		not_ok "$test: status $status after $((EPOCHSECONDS - start)) s"
		tail -n 25 "/run/suite/$test" | sed 's/^/# /'
		;;
	esac
	cp "/run/suite/$test" "$OUT/suite-$test.log"
	"$NDCTL" disable-region -b nfit_test.0 all > /dev/null 2>&1
	"$NDCTL" disable-region -b nfit_test.1 all > /dev/null 2>&1
	modprobe -r nfit_test 2> /dev/null || true
done
