# The tests of ndctl of avocado-misc-tests, unchanged, with ndctl and daxctl being pmemctl. AVOCADO is the program, AVOCADO_TESTS
# the directory of the tests.
. "$VM_TESTS/lib.sh"

links=/run/as
mkdir -p $links/ndctl $links/daxctl /dev/shm /run/home
mount -t tmpfs shm /dev/shm
for name in ndctl daxctl; do
	ln -sf "$PMEMCTL" "$links/$name/$name"
	[ "$SUITE_TOOL" != stock ] || ln -sf "/usr/bin/$name" "$links/$name/$name"
done
export PATH=$links/ndctl:$links/daxctl:$PATH HOME=/run/home
# They know two distributions.
echo 'Red Hat Enterprise Linux release 9.4 (Plow)' > /etc/redhat-release
rm -f /etc/debian_version
label_all
cd /run || exit 1
# Without those that build fio, or map 1 GiB.
tests=$(sed -n 's/^    def \(test_[a-z0-9_]*\)(.*/\1/p' "$AVOCADO_TESTS/memory/ndctl.py" |
	grep -v '_1gb_\|map_sync\|^test_\(sector\|fsdax\|devdax\)_write')
# shellcheck disable=SC2046
"$AVOCADO" run --disable-sysinfo --max-parallel-tasks 1 --job-results-dir /run/results -p package=local -p location=$links \
	-p region=region0 $(printf "$AVOCADO_TESTS/memory/ndctl.py:NdctlTest.%s\$\n" $tests) > /run/avocado.log 2>&1 < /dev/null
cp -r /run/results "$OUT/avocado"
sed -n 's/^ ([0-9/]*) .*NdctlTest\.\([^:]*: *\(PASS\|FAIL\|ERROR\|CANCEL\|SKIP\|WARN\).*\)/\1/p' /run/avocado.log | while read -r line; do
	case $line in
	*PASS* | *CANCEL* | *SKIP*) ok "$line" ;;
	*) not_ok "$line" ;;
	esac
done
