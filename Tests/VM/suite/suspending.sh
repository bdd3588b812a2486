# Tests that suspend the machine, which ends the host's file system in it: they run in a root of memory, report on the console,
# and end the guest.
. "$VM_TESTS/lib.sh"

root=/run/suspending
tools=$PMEMCTL
[ "$SUITE_TOOL" != stock ] || tools=$(type -P ndctl)
mkdir -p $root/{bin,tmp,suite,proc,sys,dev,run,etc,usr/lib/modules,lib64,as}
ln -s usr/lib $root/lib
# keep FILE...: with the libraries that they need.
keep() {
	local file
	for file in "$@" $(ldd "$@" 2> /dev/null | grep -o '/[^ ]*' | grep -v ':$'); do
		mkdir -p "$root$(dirname "$file")"
		cp -nL "$file" "$root$file"
	done
}
for program in bash jq modprobe sleep truncate rm grep uname sort head basename dirname sed cat timeout; do
	path=$(type -P $program)
	keep "$path"
	ln -sf "$path" "$root/bin/$program"
done
keep "$tools"
for name in ndctl daxctl; do ln -sf "$tools" "$root/as/$name"; done
cp "$SUITE/common" "$root/suite/"
for test in $SUITE_TESTS; do cp "$SUITE/$test.sh" "$root/suite/"; done
cp -a "/usr/lib/modules/$(uname -r)" "$root/usr/lib/modules/"
for place in proc sys dev; do mount --rbind "/$place" "$root/$place"; done
cat > "$root/run/all" <<- 'END'
	export LC_ALL=C PATH=/bin:/usr/bin:/sbin:/usr/sbin NDCTL=/as/ndctl DAXCTL=/as/daxctl CXL=/bin/true TEST_PATH=/suite DATA_PATH=/suite
	cd /tmp
	for test in $SUITE_TESTS; do
		modprobe nfit_test
		status=0
		timeout 600 bash "/suite/$test.sh" > "/tmp/$test" 2>&1 < /dev/null || status=$?
		if [ $status = 0 ]; then
			echo "TAP ok - $test"
		else
			echo "TAP not ok - $test: status $status"
			while IFS= read -r line; do echo "TAP # $line"; done < "/tmp/$test"
		fi
	done > /dev/console
	echo TAP done > /dev/console
	echo o > /proc/sysrq-trigger
	sleep 60
END
sync
exec chroot $root /bin/bash /run/all
