# Holders of kinds that nothing lists: mounts that no namespace of a process has, files that the kernel keeps for itself, threads
# that have left their process's namespaces or descriptors.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/unseen.sh"

make_namespaces
mkdir -p /run/a /run/b
system_call='import ctypes, os, sys, time, signal, struct
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    result = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    assert result >= 0, os.strerror(ctypes.get_errno())
    return result
def ready():
    print("ready", flush=True)
    time.sleep(3600)
'
# python PROGRAM ARGUMENT...: in the background, as $holder, until let_go.
python() {
	/usr/bin/python3 -c "$system_call$1" "${@:2}" > /run/python.out 2> /run/python.err &
	holder=$!
	ready /run/python.out || { cat /run/python.err >&2; false; }
}
fresh() { mkfs.ext4 -q -F -b 4096 "$block" >&2 && mount "$block" /run/a; }
alive() { test -e "/sys/fs/ext4/${block#/dev/}"; }

# kept WHAT KINDS: the filesystem is alive, though nothing mounts it where a process would see it; it is found and refused.
kept() {
	check "$1: the filesystem is alive" alive
	same "$1: it is found" "$2" "$(kinds block)"
	refused "$1" block "${2%%,*}"
	same "$1: so is disabling its region" 4 "$(status pmemctl region disable region0)"
	check "$1: it is alive still" alive
}
# over WHAT: it is let go.
over() {
	for _ in $(seq 100); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
	goes block "$1"
	wipefs -qa "$block"
}

# --- Mounts

fresh
python 'tree = call(428, -100, b"/run/a", 1 | 0o2000000); ready()'
umount /run/a
kept "a detached tree (open_tree)" open,superblock
let_go
over "a detached tree (open_tree)"

mkfs.ext4 -q -F "$block" >&2
python 'context = call(430, b"ext4", 1)
call(431, context, 1, b"source", sys.argv[1].encode(), 0)
call(431, context, 6, None, None, 0)
ready()' "$block"
kept "a filesystem that was made and is not mounted (fsopen)" superblock,unseen
let_go
over "a filesystem that was made and is not mounted (fsopen)"

mkfs.ext4 -q -F "$block" >&2
python 'context = call(430, b"ext4", 1)
call(431, context, 1, b"source", sys.argv[1].encode(), 0)
call(431, context, 6, None, None, 0)
mounted = call(432, context, 1, 0)
os.close(context)
ready()' "$block"
kept "a mount that nothing is attached to (fsmount)" open,superblock
let_go
over "a mount that nothing is attached to (fsmount)"

fresh
mkdir -p /run/spaces && mount -t tmpfs none /run/spaces && mount --make-private /run/spaces && touch /run/spaces/one
unshare --mount=/run/spaces/one true
umount /run/a
kept "a mount namespace that a mount keeps" superblock,unseen
umount /run/spaces/one
umount /run/spaces
over "a mount namespace that a mount keeps"

# A thread of another mount namespace than its process.
mkfs.ext4 -q -F "$block" >&2
python 'import threading
def work():
    assert libc.unshare(0x20000) == 0
    libc.mount(b"none", b"/", None, 0x44000, None)
    assert libc.mount(sys.argv[1].encode(), b"/run/a", b"ext4", 0, None) == 0
    ready()
threading.Thread(target=work).start()' "$block"
kept "a mount in the namespace of a thread" mount
let_go
over "a mount in the namespace of a thread"

# The lower layer of an overlay that is all there is of it.
fresh
mkdir -p /run/a/lower && echo content > /run/a/lower/file
mkdir -p /run/overlay && modprobe overlay 2>/dev/null
mount -t overlay -o lowerdir=/run/a/lower:/run/b overlay /run/overlay
umount /run/a
same "the lower layer of an overlay: it works" content "$(cat /run/overlay/file)"
kept "the lower layer of an overlay" superblock,unseen
umount /run/overlay
over "the lower layer of an overlay"

# --- Files that the kernel keeps

fresh
cp /bin/busybox /run/a/program
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
if echo 'p:pm/probe /run/a/program:0x2000' > /sys/kernel/tracing/uprobe_events; then
	umount -l /run/a
	kept "a uprobe" superblock,unseen
	echo > /sys/kernel/tracing/uprobe_events
	over "a uprobe"
else
	umount /run/a
	ok "a uprobe # SKIP"
fi

fresh
cp /bin/busybox /run/a/program
modprobe binfmt_misc 2>/dev/null
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null
if echo ':pm:E::pmtest::/run/a/program:F' > /proc/sys/fs/binfmt_misc/register; then
	umount -l /run/a
	kept "an interpreter of binfmt_misc" superblock,unseen
	echo -1 > /proc/sys/fs/binfmt_misc/pm
	over "an interpreter of binfmt_misc"
else
	umount /run/a
	ok "an interpreter of binfmt_misc # SKIP"
fi

fresh
: > /run/a/accounting
if python 'import ctypes
assert libc.acct(b"/run/a/accounting") == 0
ready()'; then
	# The kernel closes it when its filesystem is unmounted (kernel/acct.c:acct_pin_kill).
	same "accounting: it is mounted" mount "$(kinds block)"
	umount /run/a
	over "accounting"
	let_go
else
	umount /run/a
	ok "accounting # SKIP"
fi

fresh
echo content > /run/a/file
python 'group = call(300, 0, 0)
call(301, group, 1 | 0x10, 0x20, -100, b"/run/a")
call(301, group, 1, 0x20 | 0x08000000, -100, b"/run/a")
open("/run/a/file").read()
ready()'
umount -l /run/a
case $(kinds block) in "") ok "fanotify marks end with the mount" ;; superblock,unseen) kept "an event of fanotify" superblock,unseen ;;
*) not_ok "an event of fanotify: $(kinds block)" ;; esac
let_go
over "fanotify"

fresh
python 'watch = call(294, 0)
call(254, watch, b"/run/a", 0xfff)
ready()'
umount /run/a
over "an inotify watch"
let_go

# Limits of quota, and a swap file.
fresh
umount /run/a
tune2fs -O quota "$block" >&2 && modprobe quota_v2 2>/dev/null
mount "$block" /run/a
dd if=/dev/zero of=/run/a/swap bs=1M count=16 status=none && chmod 600 /run/a/swap && mkswap -q /run/a/swap >&2
swapon /run/a/swap
umount -l /run/a
case $(kinds block) in *swap* | *unseen*) ok "a swap file that is mounted no more: $(kinds block)" ;;
*) not_ok "a swap file that is mounted no more: $(kinds block)" ;; esac
kept "a swap file that is mounted no more" "$(kinds block)"
mount "$block" /run/a && swapoff /run/a/swap && umount /run/a
over "a swap file that is mounted no more"

# --- Processes

# A thread with descriptors of its own.
python 'import threading
def work():
    assert libc.unshare(0x400) == 0
    os.open(sys.argv[1], os.O_RDONLY)
    ready()
threading.Thread(target=work).start()' "$block"
in_use "a descriptor of a thread alone" block open test -d "/proc/$holder"
let_go
over "a descriptor of a thread alone"

fresh
mkdir -p /run/a/work
python 'import threading
def work():
    assert libc.unshare(0x200) == 0
    os.chdir("/run/a/work")
    ready()
threading.Thread(target=work).start()'
umount -l /run/a
kept "the directory of a thread" open,superblock
let_go
over "the directory of a thread"

# A process that is dumping core: it has its memory and its descriptors until the helper is done.
modprobe -q ext4
echo '|/bin/busybox sleep 611' > /proc/sys/kernel/core_pattern
echo 1 > /proc/sys/kernel/core_pipe_limit
(ulimit -c unlimited && exec "$PROGRAMS/holder" mapclosed "$device") > /run/dumping.out 2>&1 &
holder=$!
ready /run/dumping.out
kill -SEGV "$holder"
sleep 1
case $(kinds device) in *mapping*) ok "a process that dumps core is found" ;; *) not_ok "a process that dumps core is found: $(kinds device)" ;; esac
same "a process that dumps core: disable" 4 "$(status pmemctl namespace disable device)"
for found in /proc/[0-9]*; do
	case $(tr '\0' ' ' 2> /dev/null < "$found/cmdline") in *"sleep 611 "*) kill "${found##*/}" ;; esac
done
wait "$holder" 2>/dev/null
echo core > /proc/sys/kernel/core_pattern
for _ in $(seq 200); do [ -z "$(kinds device)" ] && break; /bin/busybox usleep 100000; done
goes device "a process that dumps core"

# One that is stopped by another that traces it, and one that is a zombie with a living thread.
hold holder mapclosed "$device"
strace -qq -o /dev/null -p "$holder" & tracer=$!
sleep 1
kill -STOP "$holder"
same "a traced and stopped process: disable" 4 "$(status pmemctl namespace disable device)"
kill -CONT "$holder"
kill "$tracer" 2>/dev/null
let_go
goes device "a traced and stopped process"

# --- A mount that waits for a daemon that never answers

if modprobe autofs4 2>/dev/null || modprobe autofs 2>/dev/null; then
	mkdir -p /run/auto
	python 'reading, writing = os.pipe()
os.setpgrp()
options = b"fd=%d,pgrp=%d,minproto=5,maxproto=5,direct" % (writing, os.getpgrp())
assert libc.mount(b"auto", b"/run/auto", b"autofs", 0, options) == 0, os.strerror(ctypes.get_errno())
ready()'
	same "an autofs mount that does not answer: it is one" 124 "$(status timeout 2 ls /run/auto/)"
	for verb in "user list" "mapping list" "mapping list --interface maps" "dax status" status doctor; do
		# shellcheck disable=SC2086
		case $(status timeout 60 "$PMEMCTL" $verb) in 0 | 2) ok "an autofs mount that does not answer: $verb ends" ;;
		*) not_ok "an autofs mount that does not answer: $verb ends" ;; esac
	done
	let_go
	umount -l /run/auto
else
	ok "an autofs mount that does not answer # SKIP"
fi
