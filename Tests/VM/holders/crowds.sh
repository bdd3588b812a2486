# Looking in a crowd: tens of thousands of threads, mounts and descriptors; processes that come, go and execute others meanwhile;
# names with newlines. Nothing hangs, and no neighbour is missed.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/unseen.sh"

make_namespaces
# Bounds are for a guest whose processor is emulated.
bound=120

# ends WHAT STATUS COMMAND...: within the bound.
ends() {
	local start=${EPOCHREALTIME/./} got
	got=$(status timeout $bound "${@:3}")
	same "$1: status" "$2" "$got"
	echo "# $1: $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
}

# found WHAT NAME KIND PID: by both ways of looking.
found() {
	local view
	for view in "" "$no_bpf"; do
		# shellcheck disable=SC2086
		same "$1: it is found${view:+ without BPF}" "$3 $4" "$(timeout $bound $view "$PMEMCTL" user list "$2" --json 2> /dev/null |
			jq -r --argjson pid "$4" 'first(.[] | select(.pid == $pid)) | "\(.kind) \(.pid)"')"
	done
}

# --- Processes

# The kernel tells which of them have to be looked at: one by one is what it takes without BPF.
for _ in $(seq 300); do /bin/busybox sleep 3600 & echo $! >> /run/sleeping; done
for view in "" "$no_bpf"; do
	# shellcheck disable=SC2086
	strace -f -o /run/trace -e trace=%file $view "$PMEMCTL" user list block > /dev/null 2>&1
	looks=$(grep -c '"/proc/[0-9]' /run/trace)
	echo "# looks into processes${view:+ without BPF}: $looks"
	if [ -z "$view" ]; then check "of 300 processes few are looked at" test "$looks" -lt 300; else
		check "of 300 processes each is looked at without BPF" test "$looks" -ge 300; fi
done
# shellcheck disable=SC2046
kill $(cat /run/sleeping)

# --- Threads

echo 200000 > /proc/sys/kernel/threads-max
echo 200000 > /proc/sys/kernel/pid_max
echo 1000000 > /proc/sys/vm/max_map_count
for kind in "" leaderless; do
	# shellcheck disable=SC2086
	"$PROGRAMS/threads" "$block" 50000 $kind > /run/threads 2>&1 &
	crowd=$!
	for _ in 1 2 3 4 5 6; do ready /run/threads && break; done
	what="$(sed 's/ready //' /run/threads) threads${kind:+ whose first has ended}"
	found "$what" block open $crowd
	ends "$what: user list" 0 "$PMEMCTL" user list
	ends "$what: pin list" 0 "$PMEMCTL" pin list
	ends "$what: disable" 4 "$PMEMCTL" namespace disable block
	ends "$what: disable of its neighbour" 0 "$PMEMCTL" namespace disable second
	check "$what: its neighbour is enabled again" pmemctl namespace enable second
	kill -9 "$crowd"
	wait "$crowd" 2>/dev/null
	for _ in $(seq 600); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
	goes block "$what"
done

# --- Mounts

echo 200000 > /proc/sys/fs/mount-max
mkfs.ext4 -q -F "$block" >&2
mkfs.ext4 -q -F "$second" >&2
mkdir -p /run/a /run/b
mount "$block" /run/a
# Each in a directory of its own, the neighbour's behind them all.
/usr/bin/python3 - << 'END'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
os.mkdir("/run/mounts")
for number in range(10000):
    path = "/run/mounts/%d" % number
    os.mkdir(path)
    source = "/run/a" if number % 2 else "/run/mounts"
    kind = None if number % 2 else b"tmpfs"
    flags = 4096 if number % 2 else 0
    assert libc.mount(source.encode(), path.encode(), kind, flags, None) == 0, os.strerror(ctypes.get_errno())
END
odd=$'/run/b/with\nnewline and \\ "quote"'
mkdir -p "$odd" && mount "$second" "$odd"
for verb in "user list" "mapping list" "dax status" "status" "namespace list" "doctor"; do
	# shellcheck disable=SC2086
	case $(status timeout $bound "$PMEMCTL" $verb) in 0 | 2) ok "10,000 mounts: $verb ends" ;; *) not_ok "10,000 mounts: $verb ends" ;; esac
done
ends "10,000 mounts: disable" 4 "$PMEMCTL" namespace disable block
ends "10,000 mounts: disable of the last" 4 "$PMEMCTL" namespace disable second
same "10,000 mounts: 5,001 are of the one" 5001 "$(pmemctl user list block --json | jq '[.[] | select(.kind == "mount")] | length')"
same "10,000 mounts: a name with a newline is whole" "$odd" "$(pmemctl user list second --json | jq -r '.[] | select(.kind == "mount") | .path')"
# A hundred mount namespaces have them all too.
/usr/bin/python3 - > /run/spaces 2>&1 << 'END' &
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
for number in range(20):
    if os.fork() == 0:
        assert libc.prctl(1, 9) == 0 and libc.unshare(0x20000) == 0
        time.sleep(3600)
time.sleep(5)
print("ready", flush=True)
time.sleep(3600)
END
crowd=$!
ready /run/spaces
ends "10,000 mounts in 20 namespaces: user list" 0 "$PMEMCTL" user list block
ends "10,000 mounts in 20 namespaces: disable" 4 "$PMEMCTL" namespace disable second
kill -9 "$crowd"
wait "$crowd" 2>/dev/null
umount "$odd"
for _ in $(seq 100); do [ -z "$(kinds second)" ] && break; /bin/busybox usleep 100000; done
wipefs -qa "$second"
goes second "10,000 mounts, but not of it"
# umount(8) reads them all for each.
/usr/bin/python3 -c 'import ctypes
libc = ctypes.CDLL(None)
for number in range(10000): libc.umount2(("/run/mounts/%d" % number).encode(), 2)'
umount /run/a
wipefs -qa "$block"
goes block "10,000 mounts"

# --- Descriptors

/usr/bin/python3 - "$block" > /run/descriptors 2>&1 << 'END' &
import os, resource, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (110000, 110000))
null = os.open("/dev/null", os.O_RDONLY)
for number in range(100000): os.dup(null)
os.open(sys.argv[1], os.O_RDONLY)
print("ready", flush=True)
time.sleep(3600)
END
crowd=$!
for _ in 1 2 3; do ready /run/descriptors && break; done
found "100,000 descriptors" block open $crowd
ends "100,000 descriptors: disable" 4 "$PMEMCTL" namespace disable block
kill -9 "$crowd"
wait "$crowd" 2>/dev/null
goes block "100,000 descriptors"

# --- Comings and goings

# Processes that open the device and execute others all the time; one of them has it for ever.
hold flight "$block"
kept=$holder
for _ in 1 2; do
	sh -c 'while :; do /bin/true < "$1"; (exec /bin/sh -c "exec /bin/true" < "$1"); done' - "$block" &
	echo $! >> /run/churning
done
missed=0
for _ in 1 2 3 4 5; do [ "$(status timeout $bound "$PMEMCTL" namespace disable block)" = 4 ] || missed=$((missed + 1)); done
same "one that stays among those that come and go is never missed" 0 $missed
check "and it is enabled" is_enabled "$(kernel_name block)"
# shellcheck disable=SC2046
kill -9 $(cat /run/churning)
kill "$kept"
wait "$kept" 2>/dev/null
for _ in $(seq 100); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
goes block "comings and goings"
