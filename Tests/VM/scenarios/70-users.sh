# Who maps and who uses: each kind of user, made by programs that are not pmemctl, is found; and nothing that somebody
# uses is taken away.
. "$VM_TESTS/lib.sh"

label_all
pmemctl namespace create --region region0 --mode devdax --size 256MiB --name device > /dev/null
pmemctl namespace create --region region0 --mode devdax --align 4KiB --size 64MiB --name small > /dev/null
pmemctl namespace create --region region0 --mode fsdax --size 512MiB --name files > /dev/null
pmemctl namespace create --region region0 --mode sector --size 64MiB --name blocks > /dev/null
node() { pmemctl namespace show "$1" --json | jq -r '.blockdev // .daxregion.devices[0].chardev'; }
device=/dev/$(node device) small=/dev/$(node small) files=/dev/$(node files) blocks=/dev/$(node blocks)

users() { pmemctl user list "$@" --json | jq -c '[.[] | [.kind, .path, .comm // "", .effect]] | unique'; }
same "nobody uses anything yet" "[]" "$(users)"
same "nobody maps anything yet" "[]" "$(pmemctl mapping list --json | jq -c .)"

mkfs.ext4 -q -b 4096 "$files"
mkdir -p /run/a /run/b /run/lower /run/upper
mount -o dax=always "$files" /run/a
same "a mount is found" '[["mount","/run/a","","refused"]]' "$(users files)"
fallocate -l 64M /run/a/data

# Waits until FILE ends with a line that begins with "ready".
ready() { for _ in $(seq 200); do grep -q '^ready' "$1" 2>/dev/null && return; /bin/busybox usleep 50000; done; false; }

# exact NAME FILE SIZE ALIGN SEED: every range, in the process and in its child, as the program reports it.
exact() {
	local report=/run/report.$5 pids
	"$PROGRAMS/mapper" "$2" "$3" "$5" 40 "$4" "$report" &
	local own=$!
	ready "$report" || { not_ok "$1: the program is not ready"; return; }
	pids=$(sed -n 's/^ready //p' "$report")
	grep -v ready "$report" > "$report.expected"
	for pid in $pids; do
		local populated=.populated/$4
		pmemctl mapping list --pid "$pid" --json > "$report.json"
		# A forked child inherits shared file mappings without their page table entries.
		if [ "$pid" = "${pids%% *}" ] && [ "$6" = counted ]; then
			same "$1: ranges and pages of process, seed $5" "$(cat "$report.expected")" "$(jq -r \
				".[] | \"\\(.start) \\(.end) \\(.offset) \\(.protection) \\($populated)\"" "$report.json")"
		else
			same "$1: ranges of $([ "$pid" = "${pids%% *}" ] && echo process || echo child), seed $5" \
				"$(cut -d ' ' -f 1-4 "$report.expected")" "$(jq -r \
					'.[] | "\(.start) \(.end) \(.offset) \(.protection)"' "$report.json")"
		fi
		same "$1: all of them are DAX and shared" '[[true,true]]' \
			"$(jq -c '[.[] | [.dax, .shared]] | unique' "$report.json")"
	done
	kill "$own"
	wait "$own" 2>/dev/null
}

for seed in 1 2 3; do
	exact "2 MiB devdax" "$device" $((250 << 20)) $((2 << 20)) $((SEED * 10 + seed)) counted
	exact "4 KiB devdax" "$small" $((60 << 20)) 4096 $((SEED * 20 + seed)) counted
	exact "fsdax file" /run/a/data $((64 << 20)) 4096 $((SEED * 30 + seed)) ranges
done

# hold COMMAND...: runs it in the background as "holder" until let go.
hold() { "$PROGRAMS/holder" "$@" > /run/holder.out & holder=$!; ready /run/holder.out || not_ok "holder $*"; }
let_go() { kill "$holder"; wait "$holder" 2>/dev/null; }

# refused NAME NAMESPACE: pmemctl names the user and changes nothing.
refused() {
	local before after said status
	before=$(pmemctl status --json --idle)
	for verb in "disable $2" "destroy --force $2"; do
		# shellcheck disable=SC2086
		said=$(pmemctl namespace $verb 2>&1)
		status=$?
		same "$1: namespace $verb is refused" 4 "$status"
		case $said in *"$3"*) ok "$1: and names $3" ;; *) not_ok "$1: and names $3: $said" ;; esac
	done
	after=$(pmemctl status --json --idle)
	same "$1: nothing changed" "$before" "$after"
}

# What pmemctl says would happen does happen, when ndctl does it.
still_enabled() { [ "$(ndctl list -N -n "$1" | jq -r '(if type == "array" then .[0] else . end).state // "enabled"')" = enabled ]; }
hold mapclosed "$device"
name=$(pmemctl namespace show device --json | jq -r .dev)
same "said of a mapped DAX device" sigbus "$(users device | jq -r '.[0][3]')"
same "ndctl takes it away" 0 "$(status ndctl disable-namespace "$name")"
kill -USR1 "$holder"
wait "$holder"
same "and its user is killed by SIGBUS" 135 "$?"
ndctl enable-namespace "$name" >&2
mount -o dax=always "$files" /run/b
name=$(pmemctl namespace show files --json | jq -r .dev)
same "said of a mount" refused "$(users files | jq -r '.[] | select(.[1] == "/run/b") | .[3]')"
ndctl disable-namespace "$name" >&2
check "ndctl cannot take it away" still_enabled "$name"
umount /run/b
hold open "$blocks"
name=$(pmemctl namespace show blocks --json | jq -r .dev)
same "said of an open block device" errors "$(users blocks | jq -r '.[0][3]')"
same "ndctl takes it away too" 0 "$(status ndctl disable-namespace "$name")"
let_go
ndctl enable-namespace "$name" >&2

hold map "$device"
same "a mapped DAX device is found" "[[\"mapping\",\"$device\",\"holder\",\"sigbus\"],[\"open\",\"$device\",\"holder\",\"errors\"]]" "$(users device)"
refused "mapped devdax" device "holder ($holder)"
let_go
hold mapclosed "$device"
same "also when its descriptor is closed" "[[\"mapping\",\"$device\",\"holder\",\"sigbus\"]]" "$(users device)"
refused "mapped and closed devdax" device "holder ($holder)"
let_go
hold open "$device"
same "an open DAX device is found" "[[\"open\",\"$device\",\"holder\",\"errors\"]]" "$(users device)"
refused "open devdax" device "holder ($holder)"
let_go
# A node of another name in another place.
mknod /run/odd-node c $((0x$(stat -c %t "$device"))) $((0x$(stat -c %T "$device")))
hold mapclosed /run/odd-node
same "a mapping through another node is found" '[["mapping","/run/odd-node","holder","sigbus"]]' "$(users device)"
let_go
hold threadleader "$device"
same "a process whose first thread has ended is found" "[[\"mapping\",\"$device\",\"holder\",\"sigbus\"]]" \
	"$(users device | jq -c '[.[] | select(.[0] == "mapping")]')"
let_go

hold mapclosed /run/a/data
same "a mapped file is found, and its place on the device" "$(filefrag -b4096 -v /run/a/data | awk '$1 == "0:" { print $4 * 4096 + 0 }')" \
	"$(pmemctl mapping list --pid "$holder" --json | jq '.[0].device_ranges[0].offset')"
refused "mapped file" files "holder ($holder)"
mount --bind /run/a /run/b
same "a bind mount is a mount" '["/run/a","/run/b"]' "$(users files | jq -c '[.[] | select(.[0] == "mount") | .[1]]')"
same "by the file's path, only that" 1 "$(pmemctl mapping list /run/a/data --json | jq length)"
umount /run/b
mv /run/a/data $'/run/a/new\nline \\012'
same "a hostile name is exact in JSON" $'/run/a/new\nline \\012' "$(pmemctl mapping list --pid "$holder" --json | jq -r '.[0].path')"
same "and one line on a terminal" 2 "$(pmemctl mapping list --pid "$holder" | wc -l)"
rm -f $'/run/a/new\nline \\012'
case $(pmemctl mapping list --pid "$holder" --json | jq -r '.[0].path') in
*' (deleted)') ok "a deleted file that is still mapped is found" ;;
*) not_ok "a deleted file that is still mapped is found" ;;
esac
umount -l /run/a
same "a filesystem without a mount is found" '["mapping","superblock"]' "$(users files | jq -c '[.[] | .[0]] | unique')"
let_go
/bin/busybox usleep 300000
same "and gone with its last user" "[]" "$(users files)"

mount -o dax=always "$files" /run/a
truncate -s 64M /run/a/disk
modprobe loop
loop=$(losetup -f --show /run/a/disk)
same "a loop device is found" "[\"/run/a/disk by ${loop#/dev/}\"]" "$(users files | jq -c '[.[] | select(.[0] == "loop") | .[1]]')"
losetup -d "$loop"
# The file of an overlay is the one behind it.
mkdir -p /run/a/upper /run/a/work /run/lower /run/merged
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/a/upper,workdir=/run/a/work overlay /run/merged
truncate -s 4M /run/merged/file
hold mapclosed /run/merged/file
same "a file mapped through an overlay is found" '["mapping","sigbus"]' \
	"$(users files | jq -c '.[] | select(.[2] == "holder") | [.[0], .[3]]')"
let_go
umount /run/merged
unshare -m --propagation private /bin/bash -c 'mkdir -p /run/inside; mount --move /run/a /run/inside; echo ready > /run/inside.out; exec sleep 1000' &
other=$!
ready /run/inside.out
umount /run/a
same "a mount that only another namespace has is found" '["/run/inside"]' "$(users files | jq -c '[.[] | select(.[0] == "mount") | .[1]]')"
refused "mount elsewhere" files /run/inside
kill "$other"
wait "$other" 2>/dev/null
/bin/busybox usleep 300000

mkswap "$blocks" > /dev/null && swapon "$blocks"
same "swap is found" "[\"swap\",\"$blocks\"]" "$(users blocks | jq -c '.[] | select(.[0] == "swap") | .[:2]')"
refused "swap" blocks "$blocks"
swapoff "$blocks"
hold open "$blocks"
refused "open block device" blocks "holder ($holder)"
let_go

modprobe dm-mod 2>/dev/null
if dmsetup create --noudevsync stack --table "0 $((32 << 11)) linear $blocks 0" >&2; then
	same "a device-mapper target is found" "[\"holder\",\"$blocks by dm-0 (stack)\"]" "$(users blocks | jq -c '.[] | .[:2]')"
	refused "dm" blocks "dm-0 (stack)"
	dmsetup remove --noudevsync stack >&2
fi

same "nobody uses anything any more" "[]" "$(users)"
check "and all can be destroyed" pmemctl namespace destroy --force device small files blocks
