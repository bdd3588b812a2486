# Users that no process shows: inside the kernel, on their way through a socket, in other containers; and views of the host
# from which they cannot be seen. Each is in use first, is found or taken to be there, and is let go at the end.
. "$VM_TESTS/lib.sh"

label_all
pmemctl namespace create --region region0 --mode fsdax --size 384MiB --name block > /dev/null
pmemctl namespace create --region region0 --mode fsdax --size 256MiB --name second > /dev/null
pmemctl namespace create --region region0 --mode devdax --size 64MiB --name device > /dev/null
block=$(node block)
second=$(node second)
device=$(node device)

# kinds NAME: of its users.
kinds() { pmemctl user list "$1" --json | jq -r '[.[] | .kind // "incomplete"] | unique | join(",")'; }

# in_use WHAT NAME KIND COMMAND...: it works, is found as KIND, is refused, and works still.
in_use() {
	local what=$1 name=$2 kind=$3 found
	shift 3
	check "$what: it works" "$@"
	found=$(kinds "$name")
	case ,$found, in *,$kind,*) ok "$what: found as $kind" ;; *) not_ok "$what: found as $found, not $kind" ;; esac
	refused "$what" "$name" "$kind"
	same "$what: reconfigure is refused" 4 "$(status pmemctl namespace reconfigure --force --yes --discard-content --map mem "$name")"
	same "$what: so is disabling its region" 4 "$(status pmemctl region disable region0)"
	check "$what: it works still" "$@"
}

# goes NAME WHAT: nobody uses it any more, and it goes through.
goes() {
	same "$2: afterwards it is free" "" "$(kinds "$1")"
	check "$2: afterwards it can be disabled" pmemctl namespace disable "$1"
	check "$2: and enabled" pmemctl namespace enable "$1"
}

same "nothing is in use yet" ",," "$(kinds block),$(kinds second),$(kinds device)"

# --- Descriptors that no process has

# A descriptor that is in a socket's queue only.
for name in block device; do
	rm -f /run/flight.out
	/usr/bin/python3 - "$(node $name)" > /run/flight.out 2> /run/flight.err << 'END' &
import array, os, signal, socket, sys
node = os.open(sys.argv[1], os.O_RDWR)
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [node]))])
os.close(node)
print("ready", flush=True)
signal.pause()
END
	holder=$!
	ready /run/flight.out
	in_use "$name: a descriptor in flight" $name unseen test -d "/proc/$holder"
	kill "$holder"
	wait "$holder" 2>/dev/null
	goes $name "$name: a descriptor in flight"
done

# --- The kernel itself

# A loop device whose backing node was removed, and one whose node is another name.
modprobe loop 2>/dev/null
mknod /run/private b $((0x$(stat -c %t "$block"))) $((0x$(stat -c %T "$block")))
if loop=$(losetup --find --show /run/private 2>&1); then
	rm /run/private
	in_use "a loop device whose node was removed" block loop dd "if=$loop" of=/dev/null bs=4096 count=1 iflag=direct status=none
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
	in_use "nvmet" block target test "$(cat $nvmet/subsystems/pm/namespaces/1/enable)" = 1
	# Named or not: the kernel has it open.
	umount /sys/kernel/config
	case ,$(kinds block), in *,unseen,*) ok "nvmet without configfs is found as unseen" ;; *) not_ok "nvmet without configfs: $(kinds block)" ;; esac
	same "nvmet without configfs: disable is refused" 4 "$(status pmemctl namespace disable block)"
	mount -t configfs configfs /sys/kernel/config
	rm $nvmet/ports/1/subsystems/pm
	echo 0 > $nvmet/subsystems/pm/namespaces/1/enable
	rmdir $nvmet/subsystems/pm/namespaces/1 $nvmet/subsystems/pm $nvmet/ports/1
	goes block "nvmet"
else
	ok "nvmet # SKIP"
fi

if modprobe target_core_iblock 2>/dev/null && [ -d /sys/kernel/config/target ]; then
	core=/sys/kernel/config/target/core/iblock_0
	mkdir -p $core/pm
	printf 'udev_path=%s' "$second" > $core/pm/control
	printf %s "$second" > $core/pm/udev_path
	echo 1 > $core/pm/enable
	in_use "LIO iblock" second target test "$(cat $core/pm/enable)" = 1
	rmdir $core/pm $core
	goes second "LIO iblock"
else
	ok "LIO # SKIP"
fi

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

# Device mapper over both.
sectors=$(blockdev --getsz "$second")
dmsetup create --noudevsync both --table "0 8192 linear $block 0
8192 $((sectors - 8192)) linear $second 0"
in_use "device mapper over both" second holder dmsetup status both
dmsetup remove --noudevsync both
goes second "device mapper over both"

# A file that a ring has registered, with no descriptor any more.
/usr/bin/python3 - "$block" > /run/ring.out 2> /run/ring.err << 'END' &
import array, ctypes, os, signal, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
parameters = ctypes.create_string_buffer(120)
ring = libc.syscall(425, 4, parameters)
assert ring >= 0, os.strerror(ctypes.get_errno())
node = os.open(sys.argv[1], os.O_RDONLY)
files = struct.pack("i", node)
assert libc.syscall(427, ring, 2, files, 1) == 0, os.strerror(ctypes.get_errno())
os.close(node)
print("ready", flush=True)
signal.pause()
END
holder=$!
if ready /run/ring.out; then
	in_use "a file registered with io_uring" block unseen test -d "/proc/$holder"
	kill "$holder"
	wait "$holder" 2>/dev/null
	# The ring is taken apart some time after its process.
	for _ in $(seq 100); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
	goes block "a file registered with io_uring"
else
	ok "a file registered with io_uring: $(tail -n 1 /run/ring.err) # SKIP"
fi

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

# from WHAT STATUS PART COMMAND...: how pmemctl ends under a command, and what it says is missing.
from() {
	local what=$1 expected=$2 part=$3 said
	shift 3
	same "$what: disable" "$expected" "$(status "$@" "$PMEMCTL" namespace disable block)"
	check "$what: nothing changed" is_enabled "$(kernel_name block)"
	said=$("$@" "$PMEMCTL" user list block --json 2> /run/said)
	same "$what: it is said to be incomplete" "false" "$(jq -r '[.[] | select(has("complete")) | .complete] | unique | join(",")' <<< "$said")"
	case $(jq -r '[.[].missing[]?.part] | join(",")' <<< "$said") in *$part*) ok "$what: $part are missing" ;;
	*) not_ok "$what: $part are missing: $said" ;; esac
	check "$what: and on stderr" test -s /run/said
	check "$what: and by status" test "$("$@" "$PMEMCTL" status --json 2> /dev/null | jq .complete)" = false
}

from "a PID namespace" 4 processes unshare --pid --fork --mount-proc
from "an empty /proc" 4 processes unshare --mount sh -c 'mount -t tmpfs none /proc; exec "$@"' -
from "no capability for BPF" 4 opens setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin
from "a PID namespace without BPF" 5 opens \
	unshare --pid --fork --mount-proc setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin

# filtered ERRNO COMMAND...: behind a seccomp filter that answers bpf(2) with an error.
filtered() {
	/usr/bin/python3 -c 'import ctypes, os, struct, sys
number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | int(sys.argv[1])), (0x06, 0, 0, 0x7fff0000)]
filters = b"".join(struct.pack("HBBI", *one) for one in code)
buffer = ctypes.create_string_buffer(filters)
program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
os.execv(sys.argv[2], sys.argv[2:])' "$@"
}
from "bpf(2) answered with EPERM" 4 opens filtered 1
from "bpf(2) answered with ENOSYS" 4 opens filtered 38
mount -o remount,hidepid=2 /proc
from "hidepid without CAP_SYS_PTRACE" 4 processes setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace
from "hidepid without CAP_SYS_PTRACE and BPF" 5 processes \
	setpriv --bounding-set=-sys_ptrace,-bpf,-perfmon,-sys_admin --inh-caps=-sys_ptrace,-bpf,-perfmon,-sys_admin
mount -o remount,hidepid=0 /proc
kill "$holder"
wait "$holder" 2>/dev/null
for errno in 1 38; do
	said=$(filtered $errno "$PMEMCTL" namespace disable block 2>&1)
	same "bpf(2) answered with $errno, though nobody is there: disable is not permitted" 5 $?
	case $said in *seccomp*) ok "bpf(2) answered with $errno: the reason is named" ;; *) not_ok "bpf(2) answered with $errno: the reason is named: $said" ;; esac
done
blind="setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin"
said=$($blind "$PMEMCTL" namespace disable block 2>&1)
same "blind, though nobody is there: disable is not permitted" 5 $?
case $said in *CAP_BPF*"--assume-unused"*) ok "blind: the reason and the flag are named" ;; *) not_ok "blind: the reason and the flag are named: $said" ;; esac
same "blind: --force does not help" 5 "$(status $blind "$PMEMCTL" namespace destroy --force --yes block)"
check "blind: nothing changed" is_enabled "$(kernel_name block)"
same "blind: pin list is no success" 5 "$(status $blind "$PMEMCTL" pin list block)"
check "a container from which the kernel's own counts are seen may go on" \
	unshare --pid --fork --mount-proc "$PMEMCTL" namespace disable block
check "and back" pmemctl namespace enable block
