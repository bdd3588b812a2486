# What the kernel and an exclusive open can tell is refused, whole, and nothing is changed; and errors on a real
# kernel have the documented status.
. "$VM_TESTS/lib.sh"

label_all
pmemctl namespace create --region region0 --mode fsdax --size 256MiB --name mounted >&2
pmemctl namespace create --region region0 --mode raw --size 64MiB --name swapped >&2
pmemctl namespace create --region region0 --mode devdax --size 256MiB --name free >&2
pmemctl namespace create --region region1 --mode raw --size 64MiB --name free2 >&2
mkfs.ext4 -q /dev/pmem0 >&2
mkdir -p /run/mounted && mount /dev/pmem0 /run/mounted
echo precious > /run/mounted/file
mkswap /dev/pmem0.1 >&2 && swapon /dev/pmem0.1 >&2

before=$(pmemctl status --json)
unchanged() { same "$1 changed nothing" "$before" "$(pmemctl status --json)"; }

same "a mounted namespace is not disabled" 4 "$(status pmemctl namespace disable mounted)"
same "a mounted namespace is not destroyed, also with --force" 4 "$(status pmemctl namespace destroy --force mounted)"
same "swap is not disabled" 4 "$(status pmemctl namespace disable swapped)"
same "one that is in use stops all" 4 "$(status pmemctl namespace destroy --force free mounted free2)"
same "a region with one in use is not disabled" 4 "$(status pmemctl region disable region0)"
same "nor are others with it" 4 "$(status pmemctl region disable all)"
unchanged "refusing"
same "the refusal names the mount" 1 "$(pmemctl namespace disable mounted 2>&1 | grep -c 'mount: /run/mounted;')"
same "the file is intact" precious "$(cat /run/mounted/file)"
umount /run/mounted
swapoff /dev/pmem0.1

echo offline > /sys/devices/system/memory/auto_online_blocks
same "system-ram: made" 0 "$(status daxctl reconfigure-device --mode=system-ram dax0.2)"
if [ "$(daxctl list -d dax0.2 | jq -r '.[0].mode // .mode')" = system-ram ]; then
	same "memory that is online is not disabled" 4 "$(status pmemctl namespace disable free)"
	daxctl offline-memory dax0.2 >&2
	daxctl reconfigure-device --mode=devdax --force dax0.2 >&2
fi

same "no such namespace" 3 "$(status pmemctl namespace disable nosuch)"
same "a duplicate UUID" 1 "$(status pmemctl namespace create --mode raw --size 16MiB --uuid "$(pmemctl namespace show free2 --json | jq -r .uuid)")"
same "dividing a label-less region" 1 "$(status pmemctl namespace create --region region2 --size 512MiB)"
same "an enabled label-less namespace" 4 "$(status pmemctl namespace create --region region2)"
same "a disabled region" 1 "$(pmemctl region disable region1 >&2; status pmemctl namespace create --region region1)"
pmemctl region enable region1 >&2

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$PMEMCTL" "$@"; }
same "not root: may look" 0 "$(status as_nobody status)"
same "not root: may not create" 5 "$(status as_nobody namespace create --mode raw --size 16MiB)"
same "not root: may not destroy" 5 "$(status as_nobody namespace destroy --force free)"
same "not root: may not disable a region" 5 "$(status as_nobody region disable region1)"
unchanged_now=$(pmemctl namespace list --json | jq -r '[.[].name] | map(select(. != null)) | sort | join(" ")')
same "all are still there" "free free2 mounted swapped" "$unchanged_now"

same "the library is silent" 0 "$(pmemctl namespace create --region region0 --mode raw --size 16MiB 2>&1 >/dev/null | wc -l)"
same "and heard with -v" yes "$(pmemctl namespace list -v 2>&1 >/dev/null | grep -q . && echo yes)"
check "all are destroyed" pmemctl namespace destroy --force --discard-content --yes all
