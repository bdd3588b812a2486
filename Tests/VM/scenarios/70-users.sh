# Who maps and who uses: each kind of user, made by programs that are not pmemctl, is found; nothing in use is
# disabled; and where ndctl does it, what was said would happen happens.
. "$VM_TESTS/lib.sh"

label_all
pmemctl namespace create --region region0 --mode devdax --size 256MiB --name device > /dev/null
pmemctl namespace create --region region0 --mode devdax --align 4KiB --size 64MiB --name small > /dev/null
pmemctl namespace create --region region0 --mode fsdax --size 512MiB --name files > /dev/null
pmemctl namespace create --region region0 --mode sector --size 64MiB --name blocks > /dev/null
device=$(node device) small=$(node small) files=$(node files) blocks=$(node blocks)

same "no namespace has a user yet" "[]" "$(users)"
same "no namespace is mapped yet" "[]" "$(pmemctl mapping list --json | jq -c .)"

mkfs.ext4 -q -b 4096 "$files"
mkdir -p /run/a /run/b /run/lower /run/upper
mount -o dax=always "$files" /run/a
same "a mount is found" '[["mount","/run/a","","refused"]]' "$(users files)"
fallocate -l 64M /run/a/data

# Every way to ask the kernel that it has.
ways=maps
for way in query bpf; do pmemctl mapping list --interface "$way" > /dev/null 2>&1 && ways+=" $way"; done
case $(uname -r) in
6.1.*) same "this kernel can be asked in these ways" "maps bpf" "$ways" ;;
*) same "this kernel can be asked in these ways" "maps query bpf" "$ways" ;;
esac
same "a way that there is not is not supported" "$(case $ways in *query*) echo 0 ;; *) echo 6 ;; esac)" \
	"$(status pmemctl mapping list --interface query)"

# same_by_all_ways WHAT: all answer the same, for all processes and for one.
same_by_all_ways() {
	local way
	pmemctl mapping list --json --interface maps > /run/by.maps
	for way in $ways; do
		pmemctl mapping list --json --interface "$way" > "/run/by.$way"
		if cmp -s /run/by.maps "/run/by.$way"; then ok "$1: asked by $way"; else
			not_ok "$1: asked by $way"
			diff <(jq . /run/by.maps) <(jq . "/run/by.$way") | head -n 20 | sed 's/^/# /'
		fi
	done
}

# exact NAME FILE SIZE ALIGN SEED: every range, in the process and in its child, as the program reports it.
exact() {
	local report=/run/report.$5 pids pid own
	"$PROGRAMS/mapper" "$2" "$3" "$5" 40 "$4" "$report" &
	own=$!
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
	same_by_all_ways "$1, seed $5"
	kill "$own"
	wait "$own" 2>/dev/null
}

for seed in 1 2; do
	exact "2 MiB devdax" "$device" $((250 << 20)) $((2 << 20)) $((SEED * 10 + seed)) counted
	exact "4 KiB devdax" "$small" $((60 << 20)) 4096 $((SEED * 20 + seed)) counted
	exact "fsdax file" /run/a/data $((64 << 20)) 4096 $((SEED * 30 + seed)) ranges
done

# --- DAX devices

hold holder map "$device"
same "a mapped DAX device is found" "[[\"mapping\",\"$device\",\"holder\",\"sigbus\"],[\"open\",\"$device\",\"holder\",\"errors\"]]" "$(users device)"
refused "mapped devdax" device "holder ($holder)"
let_go
hold holder mapclosed "$device"
same "also when its descriptor is closed" "[[\"mapping\",\"$device\",\"holder\",\"sigbus\"]]" "$(users device)"
refused "mapped and closed devdax" device "holder ($holder)"
predicted "mapped devdax" device mapping sigbus
check "mapped devdax: its user is killed by SIGBUS" killed_by_sigbus
enable device
hold holder open "$device"
refused "open devdax" device "holder ($holder)"
predicted "open devdax" device open errors
check "open devdax: its user lives" kill -0 "$holder"
let_go
enable device
# A node of another name in another place.
mknod /run/odd-node c $((0x$(stat -c %t "$device"))) $((0x$(stat -c %T "$device")))
hold holder mapclosed /run/odd-node
same "a mapping through another node is found" '[["mapping","/run/odd-node","holder","sigbus"]]' "$(users device)"
same_by_all_ways "another node"
let_go
# Without a node: libdaxctl does not see such a device.
mv "$device" /run/hidden-node
hold holder mapclosed /run/hidden-node
same "a mapping of a device without a node is found" '[["mapping","/run/hidden-node","holder","sigbus"]]' "$(users device)"
refused "a device without a node" device "holder ($holder)"
let_go
if hold pinner io_uring /run/hidden-node $((2 << 20)); then
	same "so are its pins" "pin" "$(pmemctl user list device --json | jq -r '.[] | select(.kind == "pin") | .kind')"
	let_go
	for _ in $(seq 100); do [ "$(users device)" = "[]" ] && break; /bin/busybox usleep 100000; done
fi
mv /run/hidden-node "$device"
hold holder threadleader "$device"
same "a process whose first thread has ended is found" "[[\"mapping\",\"$device\",\"holder\",\"sigbus\"]]" "$(users device)"
same_by_all_ways "a first thread that has ended"
let_go

# What is named is done: the users are told of, and get what was said.
hold holder mapclosed "$device"
same "breaking mappings must be confirmed if no question can be asked" 4 "$(status pmemctl namespace disable --break-mappings device)"
said=$(pmemctl namespace disable --break-mappings --yes device 2>&1)
same "mappings are broken where that is named" 0 "$?"
case $said in *"holder ($holder)"*) ok "and it is told whose" ;; *) not_ok "and it is told whose: $said" ;; esac
check "and they are" killed_by_sigbus
check "it can be enabled again" pmemctl namespace enable device

# --- files

hold holder mapclosed /run/a/data
same "a mapped file is found, and its place on the device" "$(filefrag -b4096 -v /run/a/data | awk '$1 == "0:" { print $4 * 4096 + 0 }')" \
	"$(pmemctl mapping list --pid "$holder" --json | jq '.[0].device_ranges[0].offset')"
refused "mapped file" files "holder ($holder)"
predicted "mapped file" files mapping refused
mount --bind /run/a /run/b
same "a bind mount is a mount" '["/run/a","/run/b"]' "$(users files | jq -c '[.[] | select(.[0] == "mount") | .[1]]')"
same "by the file's path, only that" 1 "$(pmemctl mapping list /run/a/data --json | jq length)"
umount /run/b
mv /run/a/data $'/run/a/new\nline \\012'
same "a hostile name is exact in JSON" $'/run/a/new\nline \\012' "$(pmemctl mapping list --pid "$holder" --json | jq -r '.[0].path')"
same "and one line on a terminal" 2 "$(pmemctl mapping list --pid "$holder" | wc -l)"
same_by_all_ways "a hostile name"
rm -f $'/run/a/new\nline \\012'
case $(pmemctl mapping list --pid "$holder" --json | jq -r '.[0].path') in
*' (deleted)') ok "a deleted file that is still mapped is found" ;;
*) not_ok "a deleted file that is still mapped is found" ;;
esac
umount -l /run/a
same "a filesystem without a mount is found" '["mapping","superblock"]' "$(users files | jq -c '[.[] | .[0]] | unique')"
predicted "a filesystem without a mount" files superblock refused
let_go
/bin/busybox usleep 300000
same "and gone with its last user" "[]" "$(users files)"

# A file through a bind mount only.
mount -o dax=always "$files" /run/a
truncate -s 4M /run/a/bound
touch /run/outside && mount --bind /run/a/bound /run/outside
hold holder mapclosed /run/outside
same "a file mapped through a bind mount is found" '["mapping","refused"]' \
	"$(users files | jq -c '.[] | select(.[2] == "holder") | [.[0], .[3]]')"
same_by_all_ways "a bind mount"
let_go
umount /run/outside
truncate -s 64M /run/a/disk
modprobe loop
loop=$(losetup -f --show /run/a/disk)
same "a loop device is found" "[\"/run/a/disk by ${loop#/dev/}\"]" "$(users files | jq -c '[.[] | select(.[0] == "loop") | .[1]]')"
predicted "a loop device on a file" files loop refused
losetup -d "$loop"
# The file of an overlay is the one behind it.
mkdir -p /run/a/upper /run/a/work /run/lower /run/merged
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/a/upper,workdir=/run/a/work overlay /run/merged
truncate -s 4M /run/merged/file
hold holder mapclosed /run/merged/file
same "a file mapped through an overlay is found" '["mapping","refused"]' \
	"$(users files | jq -c '.[] | select(.[2] == "holder") | [.[0], .[3]]')"
same_by_all_ways "an overlay"
let_go
umount /run/merged
hold holder open /run/a/disk
predicted "an open file" files open refused
let_go
unshare -m --propagation private /bin/bash -c 'mkdir -p /run/inside; mount --move /run/a /run/inside; echo ready > /run/inside.out; exec sleep 1000' &
other=$!
ready /run/inside.out
umount /run/a
same "a mount that only another namespace has is found" '["/run/inside"]' "$(users files | jq -c '[.[] | select(.[0] == "mount") | .[1]]')"
refused "mount elsewhere" files /run/inside
predicted "mount elsewhere" files mount refused
kill "$other"
wait "$other" 2>/dev/null
/bin/busybox usleep 300000

# Without DAX, a file is mapped through the page cache.
mount -o dax=never "$files" /run/a
# Written out before it is mapped: writeback gives delayed blocks a place, which would change the ranges between two questions.
dd if=/dev/zero of=/run/a/cached bs=1M count=4 conv=fsync status=none
hold holder mapclosed /run/a/cached
same "a file in the page cache is no DAX mapping" '[false,4096]' \
	"$(pmemctl mapping list --pid "$holder" --json | jq -c '.[] | [.dax, .page_size]')"
same_by_all_ways "the page cache"
let_go
umount /run/a

# --- what is stacked

mkswap "$blocks" > /dev/null && swapon "$blocks"
same "swap is found" "[\"swap\",\"$blocks\"]" "$(users blocks | jq -c '.[] | select(.[0] == "swap") | .[:2]')"
refused "swap" blocks "$blocks"
predicted "swap" blocks swap refused
swapoff "$blocks"
hold holder open "$blocks"
refused "open block device" blocks "holder ($holder)"
predicted "open block device" blocks open errors
let_go
enable blocks
hold holder mapclosed "$blocks"
same "a block device is mapped through the page cache" "[[\"mapping\",\"$blocks\",\"holder\",\"errors\"]]" "$(users blocks)"
same_by_all_ways "a block device"
predicted "a mapped block device" blocks mapping errors
check "a mapped block device: its user lives" kill -0 "$holder"
let_go
enable blocks
loop=$(losetup -f --show "$blocks")
predicted "a loop device on a block device" blocks loop errors
losetup -d "$loop"
enable blocks

echo 'start=2048, size=65536' | sfdisk -q --no-reread --no-tell-kernel "$files" >&2
blockdev --rereadpt "$files" 2>/dev/null || partx -a "$files" >&2
part=${files}p1
[ -b "$part" ] || mknod "$part" b $(tr : ' ' < "/sys/class/block/${part#/dev/}/dev")
mkfs.ext4 -q -b 4096 "$part"
mount -o dax=always "$part" /run/a
truncate -s 4M /run/a/file
hold holder mapclosed /run/a/file
same "a mapping on a partition is placed on the namespace" $((2048 * 512)) "$(pmemctl mapping list --pid "$holder" --json |
	jq '.[0] | .namespace_ranges[0].offset - .device_ranges[0].offset')"
refused "a mounted partition" files /run/a
predicted "a mounted partition" files mount refused
let_go
umount /run/a
dd if=/dev/zero of="$files" bs=1M count=1 conv=notrunc 2>/dev/null
blockdev --rereadpt "$files" 2>/dev/null || partx -d "$files" >&2

modprobe dm-mod 2>/dev/null
pmemctl namespace create --region region0 --mode fsdax --size 256MiB --name files2 > /dev/null
files2=$(node files2)
dmsetup create --noudevsync both --table "0 $((64 << 11)) linear $files 0
$((64 << 11)) $((64 << 11)) linear $files2 $((8 << 11))" >&2
mknod /run/both b $(dmsetup info -c --noheadings --separator ' ' -o major,minor both)
for name in files files2; do
	same "device mapper on $name is found" "[\"$(node $name) by dm-0 (both)\"]" "$(users $name | jq -c '[.[] | select(.[0] == "holder") | .[1]]')"
	refused "device mapper on $name" $name "dm-0 (both)"
	predicted "device mapper on $name" $name holder refused
done
mkfs.ext4 -q -b 4096 /run/both
mount -o dax=always /run/both /run/a
fallocate -l 90M /run/a/large
hold holder mapall /run/a/large
pmemctl mapping list --pid "$holder" --json > /run/both.json
same "a file across two namespaces is on both" '["namespace0.2","namespace0.4"]' \
	"$(jq -c '[.[0].namespace_ranges[].namespace] | unique' /run/both.json)"
same "as far as it is long" $((90 << 20)) "$(jq '[.[0].namespace_ranges[].length] | add' /run/both.json)"
same "its offsets on the second are behind the table's" true "$(jq '[.[0].namespace_ranges[] |
	select(.namespace == "namespace0.4") | .offset >= 8388608 and .offset + .length <= 75497472] | all' /run/both.json)"
same_by_all_ways "device mapper"
let_go
umount /run/a
dmsetup remove --noudevsync both >&2

# --- hostile names of commands

cp "$PROGRAMS/holder" $'/run/a\nb\e[1m\xff'
"$(echo $'/run/a\nb\e[1m\xff')" mapclosed "$device" > /run/holder.out &
holder=$!
ready /run/holder.out
same "a hostile command name is one line on a terminal" 2 "$(pmemctl mapping list device | wc -l)"
same "without a control character" 0 "$(pmemctl user list device | grep -c $'\e')"
same "and exact in JSON" "610a621b5b316dff" "$(pmemctl mapping list device --json | jq -r '.[0].comm_bytes')"
same_by_all_ways "a hostile command name"
let_go

# --- processes that come and go

"$PROGRAMS/churn" "$device" &
churn=$!
hold holder mapclosed "$device"
for way in $ways; do
	for round in 1 2 3 4 5; do
		pmemctl mapping list --json --interface "$way" > /run/churn.json || echo failed
		jq -r --argjson pid "$holder" '([.[] | select(.pid == $pid)] | length | tostring) + " " +
			([.[] | .end > .start and (.path | startswith("/dev/dax"))] | all | tostring)' /run/churn.json
	done | sort -u > /run/churn.out
	same "while processes come and go, asked by $way" "1 true" "$(cat /run/churn.out)"
done
same "users while processes come and go" 1 "$(pmemctl user list device --json | jq --argjson pid "$holder" '[.[] | select(.pid == $pid)] | length')"
kill "$churn"
wait "$churn" 2>/dev/null
let_go

# --- few among many

# start_needles PROCESSES MAPPINGS SEED [restless]: every other process maps the device.
start_needles() {
	"$PROGRAMS/needle" "$1" "$2" "$device" "${@:3}" > /run/needle.out &
	holder=$!
	for _ in 1 2 3 4; do ready /run/needle.out && return; done
	not_ok "one mapping among $2: the program is not ready"
	return 1
}

# needles WHAT PROCESSES MAPPINGS SEED [restless]: those that map it are found, by every way, each time.
needles() {
	local what=$1 way
	shift
	start_needles "$@" || return
	grep -v ready /run/needle.out | sort -n > /run/needle.expected
	for way in $ways; do
		for _ in 1 2 3; do
			pmemctl mapping list device --json --interface "$way" | jq -r '.[] | "\(.pid)"' | sort -n
		done > /run/needle.found
		same "$what: asked by $way, each is found each time" "$(sort -n /run/needle.{expected,expected,expected})" \
			"$(sort -n /run/needle.found)"
	done
	let_go
}
needles "one mapping among 20" 40 20 $((SEED * 40 + 1))
needles "one mapping among 3,000" 40 3000 $((SEED * 40 + 2))
needles "one mapping among 200, which change" 10 200 $((SEED * 40 + 3)) restless
start_needles 40 500 $((SEED * 40 + 4))
# Since 6.14, and in stable kernels since, a process's mappings can be read without stopping it.
case $(uname -r) in
6.1.*) asked="by bpf, of each that there is" ;;
*) asked="by bpf, of 20 that may have some" ;;
esac
same "those that have none are passed over where that can be known" "pmemctl: mappings: asked $asked" \
	"$(pmemctl mapping list --verbose 2>&1 > /dev/null | grep asked)"
let_go

# --- others' processes

chmod 666 "$device"
setpriv --reuid=65534 --regid=65534 --clear-groups "$PROGRAMS/holder" mapclosed "$device" > /run/holder.out &
holder=$!
ready /run/holder.out
as_other() { setpriv --reuid=65533 --regid=65533 --clear-groups "$PMEMCTL" "$@"; }
same "a process of another user is not seen by all" '[["processes"]]' \
	"$(as_other mapping list --json 2>/dev/null | jq -c '[.[] | [.missing[].part]]')"
check "but said to be there" sh -c "setpriv --reuid=65533 --regid=65533 --clear-groups '$PMEMCTL' mapping list 2>&1 >/dev/null | grep -q 'could not be inspected'"
same "root sees it" 1 "$(pmemctl mapping list device --json | jq length)"
let_go
chmod 600 "$device"

same "no namespace has a user any more" "[]" "$(users)"
check "and all can be destroyed" pmemctl namespace destroy --force --discard-content --yes device small files files2 blocks
