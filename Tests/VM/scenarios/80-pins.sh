# Pages with extra references: which, how many, by whom, as the programs that took them know; none where there
# are none. What ndctl takes away, and oopses over when the pin is released, is refused.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/dma.sh"

label_all
version=$(uname -r)
# Whether io_uring takes device-dax buffers: 6.5.
has_io_uring=yes
case $version in 6.1.*) has_io_uring= ;; esac

# pins NAME: offset, pins and other references of each page.
pins() {
	pmemctl pin list "$1" --json | jq -r '.[] | .page_size as $size | .pins as $pins | .references as $references |
		range(.offset; .offset + .length; $size) | "\(.) \($pins) \($references)"'
}
# until_free NAME: rings are taken down by the kernel when it comes to it.
until_free() { for _ in $(seq 100); do [ "$(pins "$1")" = "" ] && return; /bin/busybox usleep 100000; done; false; }
classes() { pmemctl pin list "$1" --json | jq -c '[.[] | .class] | unique'; }
holders() { pmemctl pin list "$1" --json | jq -r '[.[].holders[] | "\(.comm) \(.pid)"] | unique | join(",")'; }

# held NAME DEVICE HOW UNIT: pages of the device are held by a program that has it neither mapped nor open.
held() {
	local name=$1 device=$2 how=$3 length=$((8 << 20))
	[ "$4" -lt $((1 << 30)) ] || length=$4
	if ! hold pinner "$how" "$device" "$length"; then
		wait "$holder"
		same "$name: this kernel does not pin device-dax for $how" "io_uring  2" "$how $has_io_uring $?"
		return
	fi
	same "$name: $how is found, and its consequence" \
		"$([ "$how" = io_uring ] && echo '[["io_uring","crash"],["pin","crash"]]' || echo '[["pin","crash"]]')" \
		"$(pmemctl user list "$name" --json | jq -c '[.[] | [.kind, .effect]] | sort')"
	same "$name: $how is what it is" "$([ "$how" = io_uring ] && echo '["pinned"]' || echo '["referenced"]')" "$(classes "$name")"
	same "$name: $how: and who has it" "pinner $holder" "$(holders "$name")"
	same "$name: $how: for long" '["long-term"]' "$(pmemctl pin list "$name" --json | jq -c '[.[].duration] | unique')"
	refused "$name: $how" "$name" "pinner ($holder)"
	same "$name: $how: nor with every flag" 4 \
		"$(status pmemctl namespace destroy --force --break-mappings --discard-orphan-pins --yes "$name")"
	let_go
	check "$name: $how: nothing is held any more" until_free "$name"
}

# exact NAME DEVICE SIZE UNIT SEED: page for page, count for count.
exact() {
	local report=/run/pinned.$1.$5
	[ -n "$has_io_uring" ] || return 0
	"$PROGRAMS/pinbox" "$2" "$3" "$5" 120 "$4" "$report" &
	holder=$!
	ready "$report" || { not_ok "$1: the program is not ready"; return; }
	same "$1: $(grep -vc ready "$report") pages are held as the program knows, seed $5" "$(grep -v ready "$report")" "$(pins "$1")"
	same "$1: their holder is named, seed $5" "pinbox $holder" "$(holders "$1")"
	let_go
	check "$1: nothing is held any more, seed $5" until_free "$1"
}

# pinned NAME UNIT REGION SIZE OPTIONS...: a devdax namespace, unused, used, pinned, and unused again.
pinned() {
	local name=$1 unit=$2 device size seed
	pmemctl namespace create --region "$3" --mode devdax --size "$4" --name "$name" "${@:5}" > /dev/null
	device=$(node "$name")
	size=$(pmemctl namespace show "$name" --json | jq .size)
	same "$name: nothing is held on an idle device" "" "$(pins "$name")"
	# Written, read, forked over, locked: none of that is a pin.
	if [ "$unit" -lt $((1 << 30)) ]; then
		rm -f /run/report.pins
		"$PROGRAMS/mapper" "$device" "$size" 5 30 "$unit" /run/report.pins &
		holder=$!
		ready /run/report.pins
		same "$name: nor on one that is mapped, read, written, forked over" "" "$(pins "$name")"
		let_go
	fi
	hold holder "$([ "$unit" -lt $((1 << 30)) ] && echo locked || echo mapgiant)" "$device"
	same "$name: nor on one that is locked" "" "$(pins "$name")"
	# DAX memory is there anyway: the kernel does not mark it (mm/mlock.c:mlock_fixup).
	same "$name: which is never marked as locked" false "$(pmemctl mapping list --pid "$holder" --json | jq '.[0].locked // false')"
	[ "$unit" -lt $((1 << 30)) ] || same "$name: its page is one of 1 GiB, and looking leaves it so" "1073741824 1073741824
1073741824 1073741824" "$(for _ in 1 2; do pmemctl mapping list "$name" --json | jq -r '.[0] | "\(.page_size) \(.populated)"'; done)"
	let_go
	for how in io_uring vmsplice; do held "$name" "$device" "$how" "$unit"; done
	for seed in 1 2; do exact "$name" "$device" "$size" "$unit" $((SEED * 100 + seed)); done
	if [ "$unit" -lt $((1 << 30)) ] && have_rdma; then
		# A pin for each 4 KiB.
		hold verbs "$device" $((2 << 20)) $((6 << 20))
		same "$name: RDMA, counted" "$(for ((place = 2 << 20; place < 8 << 20; place += unit)); do echo "$place $((unit / 4096)) 0"; done)" "$(pins "$name")"
		same "$name: RDMA, by whom" "verbs $holder" "$(holders "$name")"
		let_go
		check "$name: RDMA: nothing is held any more" until_free "$name"
	fi
	check "$name: it can be destroyed" pmemctl namespace destroy --force --discard-content --yes "$name"
}

pinned huge-dev $((2 << 20)) region0 256MiB --align 2MiB --map dev
pinned huge-mem $((2 << 20)) region0 256MiB --align 2MiB --map mem
pinned small-dev 4096 region0 256MiB --align 4KiB --map dev
pinned small-mem 4096 region0 256MiB --align 4KiB --map mem
pinned giant-mem $((1 << 30)) region1 3GiB --align 1GiB --map mem

# --- direct I/O under way

pmemctl namespace create --region region0 --mode devdax --align 4KiB --size 64MiB --name target > /dev/null
pmemctl namespace create --region region0 --mode raw --size 64MiB --name source > /dev/null
modprobe dm-delay
dmsetup create --noudevsync slow --table "0 $((32 << 11)) delay $(node source) 0 12000" >&2
mknod /run/slow b $(dmsetup info -c --noheadings --separator ' ' -o major,minor slow)
"$PROGRAMS/transfer" /run/slow "$(node target)" $((1 << 20)) 65536 > /run/holder.out &
holder=$!
ready /run/holder.out
for _ in $(seq 50); do [ -n "$(pins target)" ] && break; /bin/busybox usleep 100000; done
kind='["pinned","transient",1,0]'
[ -n "$has_io_uring" ] || kind='["referenced","transient",0,1]'
same "direct I/O is found while it is under way" "[[1048576,65536],$kind,$holder]" "$(pmemctl pin list target --json |
	jq -c '.[] | [[.offset, .length], [.class, .duration, .pins, .references], .holders[0].pid]')"
wait "$holder"
same "and is no more when it is done" "" "$(pins target)"
dmsetup remove --noudevsync slow >&2

# --- VFIO leaks what it pins of device-dax

if have_vfio; then
	hold vfio "$vfio_group" "$(node target)" $((1 << 20))
	same "VFIO is found" '[[0,1048576,"pinned",1]]' "$(pmemctl pin list target --json | jq -c '[.[] | [.offset, .length, .class, .pins]]')"
	same "and who does it" "vfio $holder" "$(holders target)"
	let_go
	same "its pins outlive it: orphans" '[[0,1048576,"orphan",1,[]]]' \
		"$(pmemctl pin list target --json | jq -c '[.[] | [.offset, .length, .class, .pins, .holders]]')"
	same "which the kernel would not mind" none "$(effect target pin)"
	refused "orphans" target "no process is left"
	same "nor are they by --break-mappings" 4 "$(status pmemctl namespace disable --break-mappings --yes target)"
	same "but where that is named" 0 "$(status pmemctl namespace disable --discard-orphan-pins --yes target)"
	check "the kernel lives" pmemctl namespace enable target
	same "and the pages are new" "" "$(pins target)"
fi

# --- files

pmemctl namespace create --region region0 --mode fsdax --size 256MiB --name files > /dev/null
same "nothing is held on an idle fsdax namespace" "" "$(pins files)"
mkfs.ext4 -q -b 4096 "$(node files)"
mkdir -p /run/a && mount -o dax=always "$(node files)" /run/a
fallocate -l 8M /run/a/warm && dd if=/dev/zero of=/run/a/warm bs=1M count=8 conv=notrunc 2>/dev/null
hold holder mapclosed /run/a/warm
same "nor on a mapped file" "" "$(pins files)"
let_go
hold pinner vmsplice /run/a/warm 65536
place=$(filefrag -b4096 -v /run/a/warm | awk '$1 == "0:" { print $4 * 4096 + 0 }')
same "a file's pages are found, and which file it is" "[\"/run/a/warm\",0,$place,16]" "$(pmemctl pin list files --json |
	jq -c '[.[0].path, .[0].file_offset, .[0].offset, ([.[] | .length / .page_size * .references] | add)]')"
refused "a file's pages" files /run/a
said=$(pmemctl pin list files --json | jq -c '.[0].effects | [.truncate, .unlink]')
case $version in
6.1.* | 6.12.*) same "what truncate and unlink would do to a file that is not mapped" '["corrupts","corrupts"]' "$said" ;;
*) same "what truncate and unlink would do" '["waits","waits-unkillably"]' "$said" ;;
esac
# It is so: until 6.14 the blocks go at once, since then truncate waits.
timeout 3 truncate -s 0 /run/a/warm
status=$?
case $version in
6.1.* | 6.12.*) same "truncate goes on" 0 "$status" ;;
*) same "truncate waits" 124 "$status" ;;
esac
let_go
check "nothing is held any more" until_free files
if [ -n "$has_io_uring" ]; then
	dd if=/dev/zero of=/run/a/warm bs=1M count=8 2>/dev/null
	hold pinner io_uring /run/a/warm 65536 || true
	wait "$holder" 2>/dev/null
	same "files are not pinned for long" 2 "$?"
	same "and nothing is left of the attempt" "" "$(pins files)"
fi
umount /run/a

# --- while the namespace comes and goes, and where it may not be read

for _ in 1 2 3 4 5 6; do ndctl disable-namespace "$(kernel_name target)"; ndctl enable-namespace "$(kernel_name target)"; done > /dev/null 2>&1 &
other=$!
for _ in 1 2 3 4 5 6 7 8; do
	pmemctl pin list target --json > /run/racing.json 2> /run/racing.err
	# No holder, gone, or unknown (1, or 5 if a privilege is missing): never a crash or nonsense.
	case $? in 0 | 1 | 3 | 5) ;; *) tr '\n' ' ' < /run/racing.err ;; esac
	jq -c '[.[] | .class] - ["unknown", null]' /run/racing.json
done | sort -u > /run/racing
same "while it is disabled and enabled by others" "[]" "$(cat /run/racing)"
wait "$other"
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$PMEMCTL" "$@"; }
case $(as_nobody pin list files 2>&1) in *unknown*) ok "not root: unknown, and why" ;; *) not_ok "not root: unknown, and why" ;; esac
same "not root: never zero" '[["unknown",null]]' "$(as_nobody pin list files --json 2>/dev/null | jq -c '[.[] | select(.class) | [.class, .pins]]')"
if [ -e /sys/kernel/security/lockdown ] || mount -t securityfs securityfs /sys/kernel/security 2>/dev/null; then
	if echo integrity > /sys/kernel/security/lockdown 2>/dev/null; then
		same "under lockdown=integrity pins can be read" "" "$(pins files)"
		same "and mappings be asked by bpf" 0 "$(status pmemctl mapping list --interface bpf)"
	fi
	if echo confidentiality > /sys/kernel/security/lockdown 2>/dev/null; then
		case $(pmemctl pin list files 2>&1) in *unknown*"locked down"*) ok "under lockdown=confidentiality: unknown, and why" ;; *) not_ok "lockdown: $(pmemctl pin list files 2>&1)" ;; esac
		case $(pmemctl user list files 2>&1) in *"could not be determined"*) ok "also by user list" ;; *) not_ok "also by user list" ;; esac
		said=$(pmemctl namespace disable files 2>&1)
		same "under lockdown: disable is not permitted" 5 $?
		case $said in *"locked down"*"--assume-unused"*) ok "under lockdown: the reason and the flag are named" ;; *) not_ok "under lockdown: the reason and the flag are named: $said" ;; esac
		same "under lockdown: pins and openers are missing" "opens,pins" "$(pmemctl user list files --json 2> /dev/null |
			jq -r '[.[].missing[]?.part] | unique | join(",")')"
		check "under lockdown: --assume-unused does it" pmemctl namespace disable --assume-unused --yes files
		check "under lockdown: and back" pmemctl namespace enable files
	fi
fi
