# Users that no process shows: inside the kernel, on their way through a socket, in other containers; and views of the host
# from which they cannot be seen. Each is in use first, is found or taken to be there, and is let go at the end.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/unseen.sh"

make_namespaces

same "nothing is in use yet" ",," "$(kinds block),$(kinds second),$(kinds device)"

# --- Descriptors that no process has

# A descriptor that is in a socket's queue only.
for name in block device; do
	hold flight "$(node $name)"
	in_use "$name: a descriptor in flight" $name unseen test -d "/proc/$holder"
	let_go
	goes $name "$name: a descriptor in flight"
done

# --- The kernel itself

# A loop device whose backing node was removed, and one whose node is another name.
modprobe loop 2>/dev/null
mknod /run/private b $((0x$(stat -c %t "$block"))) $((0x$(stat -c %T "$block")))
if loop=$(losetup --find --show /run/private 2>&1); then
	rm /run/private
	in_use "a loop device whose node was removed" block loop dd "if=$loop" of=/dev/null bs=4096 count=1 iflag=direct status=none
	beside "a loop device" block
	losetup -d "$loop"
	goes block "a loop device whose node was removed"
else
	ok "a loop device: $loop # SKIP"
fi

modprobe configfs
mount -t configfs configfs /sys/kernel/config
if modprobe nvmet 2>/dev/null && modprobe nvme-loop 2>/dev/null && [ -d /sys/kernel/config/nvmet ]; then
	nvmet=/sys/kernel/config/nvmet
	mkdir -p $nvmet/subsystems/pm/namespaces/1 $nvmet/ports/1
	echo 1 > $nvmet/subsystems/pm/attr_allow_any_host
	printf %s "$block" > $nvmet/subsystems/pm/namespaces/1/device_path
	echo 1 > $nvmet/subsystems/pm/namespaces/1/enable
	echo loop > $nvmet/ports/1/addr_trtype
	ln -s $nvmet/subsystems/pm $nvmet/ports/1/subsystems/pm
	printf 'transport=loop,nqn=pm' > /dev/nvme-fabrics
	in_use "nvmet" block target dd "if=$(disk 'nvme[0-9]n1')" of=/dev/null bs=4096 count=1 iflag=direct status=none
	beside "nvmet" block
	from_everywhere "nvmet" block few_views
	# Named or not: the kernel has it open.
	umount /sys/kernel/config
	case ,$(kinds block), in *,unseen,*) ok "nvmet without configfs is found as unseen" ;; *) not_ok "nvmet without configfs: $(kinds block)" ;; esac
	same "nvmet without configfs: disable is refused" 4 "$(status pmemctl namespace disable block)"
	mount -t configfs configfs /sys/kernel/config
	for found in /sys/class/nvme/*/delete_controller; do echo 1 > "$found"; done
	rm $nvmet/ports/1/subsystems/pm
	echo 0 > $nvmet/subsystems/pm/namespaces/1/enable
	rmdir $nvmet/subsystems/pm/namespaces/1 $nvmet/subsystems/pm $nvmet/ports/1
	goes block "nvmet"
else
	ok "nvmet # SKIP"
fi

core=/sys/kernel/config/target/core
loopback=/sys/kernel/config/target/loopback

# backstore KIND CONTROL: a SCSI target of the kernel's; its disk here is $scsi.
backstore() {
	mkdir -p "$core/${1}_0/pm" && printf %s "$2" > "$core/${1}_0/pm/control" && echo 1 > "$core/${1}_0/pm/enable" || return
	mkdir -p $loopback/naa.5001405000000001/tpgt_1/lun/lun_0 &&
		echo naa.5001405000000002 > $loopback/naa.5001405000000001/tpgt_1/nexus &&
		ln -s "$core/${1}_0/pm" $loopback/naa.5001405000000001/tpgt_1/lun/lun_0/disk || return
	scsi=$(disk 'sd*')
}
no_backstore() {
	rm $loopback/naa.5001405000000001/tpgt_1/lun/lun_0/disk
	rmdir $loopback/naa.5001405000000001/tpgt_1/lun/lun_0 $loopback/naa.5001405000000001/tpgt_1 $loopback/naa.5001405000000001
	rmdir "$core/${1}_0/pm" "$core/${1}_0"
}
modprobe sd_mod 2>/dev/null
if modprobe tcm_loop 2>/dev/null && modprobe target_core_iblock 2>/dev/null && modprobe target_core_file 2>/dev/null && mkdir -p $loopback; then
	# What udev_path says is text: the device itself is asked for.
	if backstore iblock "udev_path=$second" && echo /dev/null > $core/iblock_0/pm/udev_path; then
		in_use "LIO iblock" second target reads "$scsi"
		beside "LIO iblock" second
		no_backstore iblock
		goes second "LIO iblock"
	else
		not_ok "LIO iblock"
	fi
	if backstore fileio "fd_dev_name=$second,fd_dev_size=67108864"; then
		briefly "LIO fileio" second target reads "$scsi"
		no_backstore fileio
		free "LIO fileio" second
	else
		not_ok "LIO fileio"
	fi
	# A file of a filesystem: named also when the filesystem is mounted no more.
	mkfs.ext4 -q -F "$second" >&2
	mkdir -p /run/a && mount "$second" /run/a && truncate -s 64M /run/a/disk
	if backstore fileio "fd_dev_name=/run/a/disk,fd_dev_size=67108864"; then
		briefly "LIO fileio over a file" second target reads "$scsi"
		umount -l /run/a
		# The path leads nowhere any more: what keeps the filesystem alive is unseen.
		same "LIO fileio over a file that is mounted no more" "superblock,unseen" "$(kinds second)"
		check "LIO fileio over a file that is mounted no more: it works" reads "$scsi"
		no_backstore fileio
		for _ in $(seq 50); do [ -z "$(kinds second)" ] && break; /bin/busybox usleep 100000; done
		free "LIO fileio over a file" second
		wipefs -qa "$second"
	else
		not_ok "LIO fileio over a file"
	fi
else
	ok "LIO # SKIP"
fi

if modprobe zram 2>/dev/null && [ -w /sys/block/zram0/backing_dev ] && echo "$second" > /sys/block/zram0/backing_dev; then
	echo 16M > /sys/block/zram0/disksize
	briefly "zram" second target dd if=/dev/zero of=/dev/zram0 bs=4096 count=1 conv=fsync status=none
	echo 1 > /sys/block/zram0/reset
	free "zram" second
else
	ok "zram # SKIP"
fi

mkswap -q "$second" >&2
swapon "$second"
briefly "swap" second swap grep -q "^$second " /proc/swaps
swapoff "$second"
wipefs -qa "$second"
free "swap" second

# --- Filesystems on more than the device that is mounted

if modprobe xfs 2>/dev/null; then
	mkfs.xfs -q -f -l "logdev=$second,size=64m" "$block" >&2
	mkdir -p /run/a
	if mount -o "logdev=$second" "$block" /run/a; then
		in_use "XFS with a log on another device" second mount touch /run/a/file
		case $(pmemctl user list second) in *"/run/a"*) ok "XFS: its place is named" ;; *) not_ok "XFS: its place is named" ;; esac
		umount /run/a
		wipefs -qa "$block" "$second"
		goes second "XFS with a log on another device"
	else
		not_ok "XFS with a log on another device cannot be mounted"
	fi
fi

if modprobe btrfs 2>/dev/null; then
	mkfs.btrfs -q -f -d single -m raid1 "$block" "$second" >&2
	btrfs device scan >&2
	mkdir -p /run/a
	if mount "$block" /run/a; then
		in_use "btrfs on two devices" second mount touch /run/a/file
		umount /run/a
		wipefs -qa "$block" "$second"
		goes second "btrfs on two devices"
	else
		not_ok "btrfs on two devices cannot be mounted"
	fi
else
	ok "btrfs # SKIP"
fi

mkfs.xfs -q -f -m reflink=0,rmapbt=0 -r "rtdev=$second" "$block" >&2
if mount -o "dax=always,rtdev=$second" "$block" /run/a 2>/dev/null || mount -o "rtdev=$second" "$block" /run/a; then
	xfs_io -f -R -c 'pwrite -q 0 4m' -c fsync /run/a/realtime >&2
	dd if=/dev/zero of=/run/a/ordinary bs=1M count=4 conv=fsync status=none
	hold holder mapclosed /run/a/realtime
	same "XFS: a realtime file belongs to the realtime device" "[\"${second#/dev/}\",[\"$(kernel_name second)\"]]" \
		"$(pmemctl mapping list --pid "$holder" --json | jq -c '.[] | select(.path == "/run/a/realtime") | [.device, .namespaces]')"
	in_use "XFS with a realtime device" second mount test -e /run/a/realtime
	let_go
	hold holder mapclosed /run/a/ordinary
	same "XFS: any other to the device it is mounted from" "[\"${block#/dev/}\",[\"$(kernel_name block)\"]]" \
		"$(pmemctl mapping list --pid "$holder" --json | jq -c '.[] | select(.path == "/run/a/ordinary") | [.device, .namespaces]')"
	let_go
	umount /run/a
else
	not_ok "XFS with a realtime device cannot be mounted"
fi
wipefs -qa "$block" "$second"

# A journal on another device, which no mount names.
mkfs.ext4 -q -F -b 4096 -O journal_dev "$second" >&2
mkfs.ext4 -q -F -b 4096 -J "device=$second" "$block" >&2
mount "$block" /run/a
case $(uname -r) in
6.1.*) same "ext4 with a journal on another device: disable is refused" 4 "$(status pmemctl namespace disable second)" ;;
*) briefly "ext4 with a journal on another device" second mount touch /run/a/file ;;
esac
umount /run/a
wipefs -qa "$block" "$second"
free "ext4 with a journal on another device" second

# Device mapper over both.
sectors=$(blockdev --getsz "$second")
dmsetup create --noudevsync both --table "0 8192 linear $block 0
8192 $((sectors - 8192)) linear $second 0"
in_use "device mapper over both" second holder dmsetup status both
beside "device mapper over both" second
from_everywhere "device mapper over both" second few_views
dmsetup remove --noudevsync both
goes second "device mapper over both"

# A file that a ring has registered, with no descriptor any more.
if hold flight "$block" registered; then
	in_use "a file registered with io_uring" block unseen test -d "/proc/$holder"
	let_go
	# The ring is taken apart some time after its process.
	for _ in $(seq 100); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
	goes block "a file registered with io_uring"
else
	ok "a file registered with io_uring: $(tail -n 1 /run/holder.err) # SKIP"
fi

# --- Directories

mkfs.ext4 -q -F "$block" >&2
mkdir -p /run/a && mount "$block" /run/a && mkdir -p /run/a/work
for held in cwd root; do
	# The program of a root directory is outside of it.
	if [ $held = cwd ]; then
		sh -c 'cd /run/a/work && echo ready && exec /bin/busybox sleep 600' > /run/directory.out &
	else
		/usr/bin/python3 -c 'import os, time
os.chroot("/run/a/work"); print("ready", flush=True); time.sleep(600)' > /run/directory.out &
	fi
	holder=$!
	ready /run/directory.out
	same "a $held directory is found" "[[\"open\",\"/run/a/work\",$holder]]" \
		"$(pmemctl user list block --json | jq -c --argjson pid $holder '[.[] | select(.pid == $pid) | [.kind, .path, .pid]]')"
	kill "$holder"
	wait "$holder" 2>/dev/null
done
sh -c 'cd /run/a/work && echo ready && exec /bin/busybox sleep 600' > /run/directory.out &
holder=$!
ready /run/directory.out
umount -l /run/a
same "a working directory on what is mounted no more" "open,superblock" "$(kinds block)"
same "a working directory on what is mounted no more: disable" 4 "$(status pmemctl namespace disable block)"
kill "$holder"
wait "$holder" 2>/dev/null
# A mount that only a descriptor of its namespace keeps.
mount "$block" /run/a
/usr/bin/python3 -c 'import ctypes, os, time
libc = ctypes.CDLL(None)
own = os.open("/proc/self/ns/mnt", os.O_RDONLY)
assert libc.unshare(0x20000) == 0
kept = os.open("/proc/self/ns/mnt", os.O_RDONLY)
assert libc.setns(own, 0x20000) == 0
print("ready", flush=True)
time.sleep(600)' > /run/directory.out 2>&1 &
holder=$!
ready /run/directory.out
umount /run/a
same "a mount in a namespace without processes is found" "superblock,unseen" "$(kinds block)"
same "a mount in a namespace without processes: disable" 4 "$(status pmemctl namespace disable block)"
kill "$holder"
wait "$holder" 2>/dev/null
for _ in $(seq 100); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
# A thread that has left the mount namespace of its process, and one that has descriptors of its own.
for kind in mount open; do
	/usr/bin/python3 -c 'import ctypes, os, sys, threading, time
libc = ctypes.CDLL(None)
def work():
    if sys.argv[2] == "mount":
        assert libc.unshare(0x20000) == 0 and libc.mount(b"none", b"/", None, 0x44000, None) == 0
        assert libc.mount(sys.argv[1].encode(), b"/run/a", b"ext4", 0, None) == 0
    else:
        assert libc.unshare(0x400) == 0
        os.open(sys.argv[1], os.O_RDONLY)
    print("ready", flush=True)
    time.sleep(600)
threading.Thread(target=work).start()' "$block" $kind > /run/directory.out 2>&1 &
	holder=$!
	ready /run/directory.out
	same "a thread by itself: $kind is found" $kind "$(kinds block)"
	same "a thread by itself, $kind: disable" 4 "$(status pmemctl namespace disable block)"
	kill "$holder"
	wait "$holder" 2>/dev/null
	for _ in $(seq 100); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
done
wipefs -qa "$block"
free "directories and mounts" block

# --- A node that is something else

cp "$block" /run/saved 2>/dev/null
mkfs.ext4 -q -F "$block" >&2
mv "$block" "$block.real"
: > "$block"
said=$(pmemctl namespace destroy --force --yes block 2>&1)
same "a planted file at the node: destroy is refused" 4 $?
case $said in *ext4*) ok "a planted file at the node: for its content" ;; *) not_ok "a planted file at the node: for its content: $said" ;; esac
/usr/bin/python3 -c 'import os, sys, time
node = os.open(sys.argv[1], os.O_RDONLY); print("ready", flush=True); time.sleep(600)' "$block.real" > /run/real.out 2>&1 &
holder=$!
ready /run/real.out
in_use "a renamed node" block open test -d "/proc/$holder"
kill "$holder"
wait "$holder" 2>/dev/null
rm "$block"
mv "$block.real" "$block"
wipefs -qa "$block"
goes block "a renamed node"

# --- A filesystem that does not answer

if modprobe fuse 2>/dev/null && [ -c /dev/fuse ]; then
	mkdir -p /run/hung
	/usr/bin/python3 - > /run/hung.out 2> /run/hung.err << 'END' &
import ctypes, os, signal
fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
assert libc.mount(b"hung", b"/run/hung", b"fuse", 0, options) == 0, os.strerror(ctypes.get_errno())
place = os.open("/run/hung", os.O_PATH)
print("ready", flush=True)
signal.pause()
END
	holder=$!
	ready /run/hung.out
	same "a mount that does not answer: it is one" 124 "$(status timeout 2 stat /run/hung/file)"
	same "a mount that does not answer: user list ends" 0 "$(status timeout 30 "$PMEMCTL" user list)"
	same "a mount that does not answer: so it does without BPF" 0 "$(status timeout 30 \
		setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin "$PMEMCTL" user list)"
	same "a mount that does not answer: mapping list by maps ends" 0 "$(status timeout 30 "$PMEMCTL" mapping list --interface maps)"
	same "a mount that does not answer: dax status ends" 0 "$(status timeout 30 "$PMEMCTL" dax status)"
	kill -9 "$holder"
	wait "$holder" 2>/dev/null
	umount -l /run/hung
else
	ok "a filesystem that does not answer # SKIP"
fi

# --- From where not all is seen

/usr/bin/python3 -c 'import os, sys, time
node = os.open(sys.argv[1], os.O_RDONLY); print("ready", flush=True); time.sleep(600)' "$block" > /run/outside.out 2>&1 &
holder=$!
ready /run/outside.out

from "a PID namespace" 4 processes unshare --pid --fork --mount-proc
from "an empty /proc" 4 processes unshare --mount sh -c 'mount -t tmpfs none /proc; exec "$@"' -
from "no capability for BPF" 4 opens setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin
from "a PID namespace without BPF" 5 opens \
	unshare --pid --fork --mount-proc setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin

from "bpf(2) answered with EPERM" 4 opens filtered 1
from "bpf(2) answered with ENOSYS" 4 opens filtered 38
blind "a user namespace" opens block unshare --user --map-root-user
blind "no block devices in sysfs" opens block covered /sys/class/block
same "an empty /dev: disable" 4 "$(status covered /dev "$PMEMCTL" namespace disable block)"
same "no /sys/fs: disable" 4 "$(status covered /sys/fs "$PMEMCTL" namespace disable block)"
mount -o remount,hidepid=2 /proc
from "hidepid without CAP_SYS_PTRACE" 4 processes setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace
from "hidepid without CAP_SYS_PTRACE and BPF" 5 processes \
	setpriv --bounding-set=-sys_ptrace,-bpf,-perfmon,-sys_admin --inh-caps=-sys_ptrace,-bpf,-perfmon,-sys_admin
mount -o remount,hidepid=0 /proc
kill "$holder"
wait "$holder" 2>/dev/null
# A user that no process shows, from each of these.
hold flight "$block"
# shellcheck disable=SC2086
for view in "4 unshare --pid --fork --mount-proc" "4 covered /proc" "4 covered /sys/fs" "4 covered /dev" \
	"5 covered /sys/class/block" "4 covered /sys/kernel/btf" "5 unshare --user --map-root-user" "5 $no_bpf" \
	"5 filtered 1" "5 filtered 38"; do
	same "a descriptor in flight, seen by ${view#* }" "${view%% *}" "$(status ${view#* } "$PMEMCTL" namespace disable block)"
done
# A descriptor of the node alone, which this process has itself, explains no open device.
same "a descriptor in flight beside one with O_PATH" 4 "$(status /usr/bin/python3 -c 'import os, sys
os.dup2(os.open(sys.argv[1], os.O_PATH), 9, inheritable=True); os.execv(sys.argv[2], sys.argv[2:])' \
	"$block" "$PMEMCTL" namespace disable block)"
check "a descriptor in flight: nothing changed" is_enabled "$(kernel_name block)"
let_go
hold holder mapclosed "$device"
blind "no DAX devices in sysfs" opens device covered /sys/bus/dax
let_go
for errno in 1 38; do
	said=$(filtered $errno "$PMEMCTL" namespace disable block 2>&1)
	same "bpf(2) answered with $errno, though it has no user: disable is not permitted" 5 $?
	case $said in *seccomp*) ok "bpf(2) answered with $errno: the reason is named" ;; *) not_ok "bpf(2) answered with $errno: the reason is named: $said" ;; esac
done
blind="setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin"
said=$($blind "$PMEMCTL" namespace disable block 2>&1)
same "blind, though it has no user: disable is not permitted" 5 $?
case $said in *CAP_BPF*"--assume-unused"*) ok "blind: the reason and the flag are named" ;; *) not_ok "blind: the reason and the flag are named: $said" ;; esac
same "blind: --force does not help" 5 "$(status $blind "$PMEMCTL" namespace destroy --force --yes block)"
check "blind: nothing changed" is_enabled "$(kernel_name block)"
same "blind: pin list is no success" 5 "$(status $blind "$PMEMCTL" pin list block)"
check "a container from which the kernel's own counts are seen may go on" \
	unshare --pid --fork --mount-proc "$PMEMCTL" namespace disable block
check "and back" pmemctl namespace enable block
