# Cases of users that no process shows, and of views from which they cannot be seen; for scenarios that have sourced lib.sh.

# make_namespaces: "block" and "second" for filesystems and what is stacked on them, and "device" for programs; their nodes are in
# $block, $second and $device.
make_namespaces() {
	label_all
	pmemctl namespace create --region region0 --mode fsdax --size 384MiB --name block > /dev/null
	pmemctl namespace create --region region0 --mode fsdax --size 256MiB --name second > /dev/null
	pmemctl namespace create --region region0 --mode devdax --size 64MiB --name device > /dev/null
	block=$(node block)
	second=$(node second)
	device=$(node device)
}

# kinds NAME: of its users.
kinds() { pmemctl user list "$1" --json | jq -r '[.[] | .kind // "incomplete"] | unique | join(",")'; }

# in_use WHAT NAME KIND COMMAND...: it works, is found as KIND and not beside that as unseen, is refused, and works still.
in_use() {
	local what=$1 name=$2 kind=$3 found
	shift 3
	check "$what: it works" "$@"
	found=$(kinds "$name")
	case $kind:,$found, in
	unseen:,unseen, | [!u]*:*,$kind,*) ok "$what: found as $kind" ;;
	*) not_ok "$what: found as $found, not $kind" ;;
	esac
	case $kind:$found in [!u]*:*unseen*) not_ok "$what: it is counted once: $found" ;; *) ok "$what: it is counted once" ;; esac
	refused "$what" "$name" "$kind"
	same "$what: reconfigure is refused" 4 "$(status pmemctl namespace reconfigure --force --yes --discard-content --map mem "$name")"
	same "$what: so is disabling its region" 4 "$(status pmemctl region disable region0)"
	check "$what: it works still" "$@"
}

# beside WHAT NAME: unseen openers are counted beside those that are named.
beside() {
	hold flight "$(node "$2")" || { not_ok "$1: a descriptor in flight"; return; }
	same "$1: a descriptor in flight is counted beside it" 1 \
		"$(pmemctl user list "$2" --json | jq -c '.[] | select(.kind == "unseen") | .opens')"
	let_go
}

# briefly WHAT NAME KIND COMMAND...: the same in short, with a descriptor in flight beside it: both are counted.
briefly() {
	local what=$1 name=$2 kind=$3 said
	shift 3
	check "$what: it works" "$@"
	said=$(pmemctl namespace disable "$name" 2>&1)
	same "$what: disable is refused" 4 $?
	case $said in *"$kind: "*) ok "$what: and names $kind" ;; *) not_ok "$what: and names $kind: $said" ;; esac
	case $said in *"unseen: "*) not_ok "$what: it is counted once: $said" ;; *) ok "$what: it is counted once" ;; esac
	check "$what: it works still" "$@"
	beside "$what" "$name"
}

# free WHAT NAME: it has no user any more.
free() { same "$1: afterwards it is free" "" "$(kinds "$2")"; }

# disk PATTERN: waits for the disk that a target has become, and prints its node.
disk() {
	local found
	for _ in $(seq 100); do
		for found in /sys/block/$1; do [ -e "$found" ] && echo "/dev/${found##*/}" && return; done
		/bin/busybox usleep 50000
	done
	return 1
}

# goes NAME WHAT: it has no user any more, and the change goes through.
goes() {
	same "$2: afterwards it is free" "" "$(kinds "$1")"
	check "$2: afterwards it can be disabled" pmemctl namespace disable "$1"
	check "$2: and enabled" pmemctl namespace enable "$1"
}

# reads DISK
reads() { dd "if=$1" of=/dev/null bs=4096 count=1 iflag=direct status=none; }

# --- From where not all is seen

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
os.execvp(sys.argv[2], sys.argv[2:])' "$@"
}

# blind WHAT PART NAME COMMAND...: the same in short.
blind() {
	local what=$1 part=$2 name=$3 said
	shift 3
	said=$("$@" "$PMEMCTL" namespace disable "$name" --json 2>&1)
	same "$what: disable is not permitted" 5 $?
	said=$("$@" "$PMEMCTL" user list "$name" --json 2> /dev/null | jq -r '[.[].missing[]?.part] | join(",")')
	case $said in *$part*) ok "$what: $part are missing" ;; *) not_ok "$what: $part are missing: $said" ;; esac
	check "$what: nothing changed" is_enabled "$(kernel_name "$name")"
}

# covered PATH COMMAND...: with an empty filesystem over a part of the kernel's own.
covered() { unshare --mount sh -c 'mount -t tmpfs none "$1" || exit; shift; exec "$@"' - "$@"; }

# --- The same from many views

no_bpf="setpriv --bounding-set=-bpf,-perfmon,-sys_admin --inh-caps=-bpf,-perfmon,-sys_admin"
no_ptrace="setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace"
# hidden FILE COMMAND...: with an empty file over one of the kernel's.
hidden() { unshare --mount sh -c 'mount --bind /dev/null "$1" || exit; shift; exec "$@"' - "$@"; }

# few_views and views: a line each, a name and a command that another command is put behind. What is taken away is one source of
# information, or one and BPF, which explains most of what the others do not.
few_views() {
	cat << END
a PID namespace: unshare --pid --fork --mount-proc
an empty /proc: covered /proc
an empty /sys/block: covered /sys/block
an empty /sys/kernel/config: covered /sys/kernel/config
an empty /sys/fs: covered /sys/fs
no /proc/1/mountinfo: hidden /proc/1/mountinfo
an empty /sys/kernel/config without BPF: covered /sys/kernel/config $no_bpf
an empty /sys/fs without BPF: covered /sys/fs $no_bpf
END
}
views() {
	few_views
	cat << END
as it is: env
a PID namespace with the old /proc: unshare --pid --fork
a mount namespace of its own: unshare --mount
an empty /sys/class/block: covered /sys/class/block
an empty /sys/bus/dax: covered /sys/bus/dax
an empty /sys/kernel/btf: covered /sys/kernel/btf
an empty /sys/kernel/security: covered /sys/kernel/security
an empty /sys/devices/virtual: covered /sys/devices/virtual
an empty /dev: covered /dev
no /proc/swaps: hidden /proc/swaps
no /proc/kallsyms: hidden /proc/kallsyms
addresses of the kernel hidden: env
no capability for BPF: $no_bpf
no capability to trace: $no_ptrace
neither, in a PID namespace: unshare --pid --fork --mount-proc $no_bpf
hidepid without a capability to trace: $no_ptrace
hidepid without that and BPF: setpriv --bounding-set=-sys_ptrace,-bpf,-perfmon,-sys_admin --inh-caps=-sys_ptrace,-bpf,-perfmon,-sys_admin
a user namespace: unshare --user --map-root-user
a user namespace with a PID namespace: unshare --user --map-root-user --pid --fork --mount-proc
bpf(2) answered with EPERM: filtered 1
bpf(2) answered with ENOSYS: filtered 38
bpf(2) answered with EINVAL: filtered 22
an empty /sys/class/block without BPF: covered /sys/class/block $no_bpf
an empty /sys/block without BPF: covered /sys/block $no_bpf
an empty /proc without BPF: covered /proc $no_bpf
an empty /dev without BPF: covered /dev $no_bpf
END
}

# is_up NAME: it is enabled; without a process for the question.
is_up() { [ -e "/sys/bus/nd/devices/${claims[$1]}/driver" ]; }
# find_claims: what claims each of the namespaces, for is_up.
declare -A claims=()
find_claims() {
	local name kernel claim
	for name in block second device; do
		kernel=$(kernel_name $name)
		for claim in /sys/bus/nd/devices/*; do
			[ "$(cat "$claim/namespace" 2> /dev/null)" = "$kernel" ] && claims[$name]=${claim##*/}
		done
	done
}

# from_everywhere WHAT NAME VIEWS: from each view disabling a namespace that is in use ends in a refusal; counted in $pairs.
pairs=0
from_everywhere() {
	local view command got silent=()
	[ ${#claims[@]} -gt 0 ] || find_claims
	while IFS=: read -r view command; do
		case $view in hidepid*) mount -o remount,hidepid=2 /proc ;; addresses*) echo 2 > /proc/sys/kernel/kptr_restrict ;; esac
		# shellcheck disable=SC2086
		got=$(status $command timeout 120 "$PMEMCTL" namespace disable "$2" < /dev/null)
		case $view in hidepid*) mount -o remount,hidepid=0 /proc ;; addresses*) echo 0 > /proc/sys/kernel/kptr_restrict ;; esac
		pairs=$((pairs + 1))
		case $got in 4 | 5) ;; *) silent+=("$view: $got") ;; esac
		is_up "$2" && continue
		silent+=("$view: disabled")
		pmemctl namespace enable "$2" >&2
	done < <("$3")
	same "$1: every view ends in a refusal" "" "$(printf '%s\n' "${silent[@]}")"
}
