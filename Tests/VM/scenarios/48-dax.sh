# Raw-block DAX: from a region with nothing on it to a consumer that uses it, with every claim tried; and every cause why
# there is none, made and named.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/dma.sh"

label_all

# proofs: what was proven, disproven and not tried, of the last enable.
proofs() { jq -c '[.proofs[].outcome] | group_by(.) | map("\(length) \(.[0])")' /run/enabled; }
enable_for() { pmemctl dax enable "$1" --for "$2" "${@:3}" --json > /run/enabled; }
# state NAME: possible, on, proven and the causes of a thing, as dax status has them.
state() { pmemctl dax status --json | jq -c --arg name "$1" '.[] | select(.name == $name) | [.possible, .on, .proven, [.causes[].cause]]'; }
# probe FILE: whether it is DAX, and whether MAP_SYNC is granted.
probe() { pmemctl dax probe "$1" --json | jq -c '[.dax, .sync]'; }
# uses FILE: of each use whether it is possible, and whether that was tried.
uses() { pmemctl dax probe "$1" --json | jq -c '[.uses[] | [.use, .possible, .tried]]'; }
# pinned: what is expected of a long-term pin here; before 6.5 io_uring cannot be asked.
release=$(uname -r)
printf '%s\n' 6.5 "${release%%-*}" | sort -V -C && proven='["5 proven"]' || proven='["4 proven","1 unverified"]'

# --- QEMU

check 'qemu: a region becomes a DAX device' enable_for region0 qemu
same 'qemu: each claim is tried' "$proven" "$(proofs | jq -c 'sort_by(split(" ")[1])')"
same 'qemu: it is devdax' '["devdax",true]' "$(jq -c '[.namespace.mode, .changed]' /run/enabled)"
device=$(jq -r .handout.path /run/enabled)
check 'qemu: the second time' enable_for region0 qemu
same 'qemu: nothing is changed the second time' '[false,"0"]' "$(jq -c '[.changed, "0"]' /run/enabled)"
same 'qemu: dax probe agrees' '[true,true]' "$(probe "$device")"
case $(uses "$device") in *'["long-term-pins",true,'*) ok 'qemu: it can be pinned' ;; *) not_ok "qemu: it can be pinned: $(uses "$device")" ;; esac
same 'qemu: dax status agrees' '[true,true,true,[]]' "$(state "$device")"
check 'qemu: a program maps all of it' "$PROGRAMS/map" "$device" "$(jq .handout.size /run/enabled)"
words=()
while read -r option value; do words+=("$option" "$value"); done < <(jq -r '.handout.arguments[]' /run/enabled)
qemu-system-x86_64 -S -nodefaults -display none -accel tcg -m 128M,slots=2,maxmem=8G "${words[@]}" > /run/qemu.out 2>&1 &
holder=$!
for _ in $(seq 300); do
	[ "$(pmemctl mapping list "$device" --json | jq length)" -gt 0 ] && break
	kill -0 "$holder" 2>/dev/null || { cat /run/qemu.out >&2; break; }
	/bin/busybox usleep 100000
done
same 'qemu: QEMU takes what was printed, all of it' "qemu-system-x86 $(jq .handout.size /run/enabled)" \
	"$(pmemctl mapping list "$device" --json | jq -r '.[] | "\(.comm) \(.end - .start)"' | head -n 1)"
same 'qemu: it is not disabled while QEMU has it' 4 "$(status pmemctl dax disable --force "$device")"
check 'qemu: enabled again while QEMU has it' enable_for region0 qemu
let_go
same 'qemu: not without force' 4 "$(status pmemctl dax disable "$device")"
check 'qemu: it is disabled' pmemctl dax disable --force --yes "$device"
same 'qemu: raw' '[false,false,null,["raw-mode"]]' "$(state namespace0.0)"

# --- RDMA and SPDK

check 'rdma: the raw namespace becomes a DAX device' enable_for namespace0.0 rdma --force --yes --align 4KiB
same 'rdma: with the alignment asked for' 4096 "$(jq .handout.align /run/enabled)"
same 'rdma: each claim is tried' "$proven" "$(proofs | jq -c 'sort_by(split(" ")[1])')"
if have_rdma; then
	hold verbs "$device" 0 $((2 << 20)) && ok 'rdma: soft-RoCE registers memory on it'
	same 'rdma: it is not disabled while it is registered' 4 \
		"$(status pmemctl dax disable --force --break-mappings --yes "$device")"
	let_go
	for _ in $(seq 50); do [ "$(pmemctl pin list "$device" --json | jq '[.[].ranges[]?] | length')" = 0 ] && break; /bin/busybox usleep 100000; done
fi
check 'spdk: with large pages' enable_for namespace0.0 spdk --force --yes --align 2MiB
same 'spdk: each claim is tried' "$proven" "$(proofs | jq -c 'sort_by(split(" ")[1])')"

# Who may not open it claims nothing.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$PMEMCTL" "$@"; }
same 'not root: all is unverified' '["unverified"]' \
	"$(as_nobody dax enable namespace0.0 --for spdk --json | jq -c '[.proofs[].outcome]')"
same 'not root: nor is it proven in dax status' '[true,true,null,[]]' \
	"$(as_nobody dax status --json | jq -c --arg name "$device" '.[] | select(.name == $name) | [.possible, .on, .proven, [.causes[].cause]]')"

# --- Interrupted: as it was

pmemctl dax disable --force --yes "$device" >&2
before=$(pmemctl status --json --idle | sed 's/"persistence_domain.*//')
hold holder open /dev/pmem0
same 'a device in use is not recreated' 4 "$(status pmemctl dax enable namespace0.0 --for qemu --force --yes)"
let_go
same 'and is as it was' "$before" "$(pmemctl status --json --idle | sed 's/"persistence_domain.*//')"

# --- A filesystem

check 'fs: a region becomes a place for one' enable_for region1 fs --size 512MiB
same 'fs: what cannot be tried is called so' '["2 proven","1 unverified"]' "$(proofs | jq -c 'sort_by(split(" ")[1])')"
block=$(jq -r .handout.path /run/enabled)
name=$(basename "$block")
mkdir -p /mnt/fs
same 'fs: the block device itself is the page cache' '[false,false]' "$(probe "$block")"
same 'fs: and is said to be' '[true,false,null,["block-device"]]' "$(state "$block")"

for type in ext4 xfs; do
	case $type in
	ext4) mkfs.ext4 -q -F -b 4096 "$block" >&2 ;;
	xfs) modprobe xfs; mkfs.xfs -q -f -b size=4096 -m reflink=0 "$block" >&2 ;;
	esac
	mount -t $type -o dax=always "$block" /mnt/fs && dd if=/dev/zero of=/mnt/fs/file bs=1M count=4 2>/dev/null
	same "$type dax=always: a file is DAX" '[true,true]' "$(probe /mnt/fs/file)"
	same "$type dax=always: so it is said" '[true,true,true,[]]' "$(state /mnt/fs)"
	same "$type: it is not disabled under it" 4 "$(status pmemctl dax disable --force --discard-content --yes "$name")"
	umount /mnt/fs
	mount -t $type -o dax=never "$block" /mnt/fs
	same "$type dax=never: it is not" '[false,false]' "$(probe /mnt/fs/file)"
	same "$type dax=never: and why" '[true,false,false,["mount-option"]]' "$(state /mnt/fs)"
	umount /mnt/fs
	mount -t $type -o dax=inode "$block" /mnt/fs
	same "$type dax=inode: a file without the flag is not" '[false,false]' "$(probe /mnt/fs/file)"
	mkdir /mnt/fs/direct && xfs_io -c 'chattr +x' /mnt/fs/direct && dd if=/dev/zero of=/mnt/fs/direct/file bs=1M count=4 2>/dev/null
	same "$type dax=inode: one made under the flag is" '[true,true]' "$(probe /mnt/fs/direct/file)"
	same "$type dax=inode: some are, and why others are not" '[true,true,true,["inode-flag"]]' "$(state /mnt/fs)"
	umount /mnt/fs
done

# --- Why not

# Blocks smaller than a page.
mkfs.ext4 -q -F -b 1024 "$block" >&2
check '1 KiB blocks: the kernel does not mount it with DAX' sh -c "! mount -o dax=always $block /mnt/fs"
same '1 KiB blocks: named before it is mounted' '[false,false,null,["block-size"]]' "$(state "ext4 on $block")"
mount "$block" /mnt/fs
same '1 KiB blocks: named' '[false,false,null,["block-size"]]' "$(state /mnt/fs)"
umount /mnt/fs

# What the superblock has: the kernel refuses, and it is named before the first mount.
mkfs.ext4 -q -F -b 4096 -O inline_data "$block" >&2
check 'inline_data: the kernel does not mount it with DAX' sh -c "! mount -o dax=always $block /mnt/fs"
same 'inline_data: named before it is mounted' '[false,false,null,["inline-data"]]' "$(state "ext4 on $block")"
mkfs.ext4 -q -F -b 4096 "$block" >&2
tune2fs -o journal_data "$block" >&2
check 'data=journal by default: the kernel does not mount it with DAX' sh -c "! mount -o dax=always $block /mnt/fs"
same 'data=journal by default: named before it is mounted' '[false,false,null,["data-journal"]]' "$(state "ext4 on $block")"
tune2fs -o ^journal_data "$block" >&2
same 'ordinary: it can be mounted with DAX' '[true,false,null,["mount-option"]]' "$(state "ext4 on $block")"
mount -o data=journal "$block" /mnt/fs
same 'data=journal: named' '[false,false,["data-journal"]]' \
	"$(pmemctl dax status --json | jq -c '.[] | select(.name == "/mnt/fs") | [.possible, .on, [.causes[].cause]]')"
umount /mnt/fs

# What a consumer gets: tried where that does no harm.
mount -o dax=always "$block" /mnt/fs
dd if=/dev/zero of=/mnt/fs/file bs=1M count=4 2>/dev/null
before=$(stat -c '%y %z' /mnt/fs/file)
case $(uses /mnt/fs/file) in
'[["load-store",true,true],["map-sync",true,true],["huge-pages",'*',true],["direct-io",true,false],["long-term-pins",false,true]]')
	ok 'a file with DAX: all but long-term pins' ;;
*) not_ok "a file with DAX: all but long-term pins: $(uses /mnt/fs/file)" ;;
esac
same 'and its times are as they were' "$before" "$(stat -c '%y %z' /mnt/fs/file)"
case $(pmemctl dax probe /mnt/fs/file) in *"dax enable namespace1"*"--for rdma"*) ok 'what to use instead is named' ;;
*) not_ok "what to use instead is named: $(pmemctl dax probe /mnt/fs/file)" ;; esac
case $(pmemctl dax status) in *"long-term-pins  no"*) ok 'dax status has it too' ;; *) not_ok "dax status has it too: $(pmemctl dax status)" ;; esac
umount /mnt/fs
mount -o dax=inode "$block" /mnt/fs
chattr +j /mnt/fs/file
case $(pmemctl dax probe /mnt/fs/file) in *"go through the journal"*) ok 'a file of its own flags is named' ;;
*) not_ok "a file of its own flags is named: $(pmemctl dax probe /mnt/fs/file)" ;; esac
umount /mnt/fs

# Verity and encryption are of single files: the filesystem can be mounted, those files have none.
mkfs.ext4 -q -F -b 4096 -O encrypt,verity "$block" >&2
same 'verity and encryption: named before it is mounted' '[true,false,null,["mount-option","encryption","verity"]]' "$(state "ext4 on $block")"
# A file that has DAX is not sealed (fs/ext4/verity.c:ext4_begin_enable_verity). struct fsverity_enable_arg
# (include/uapi/linux/fsverity.h).
mount -o dax=never "$block" /mnt/fs
dd if=/dev/zero of=/mnt/fs/sealed bs=1M count=4 status=none
check 'verity: a file is sealed' /usr/bin/python3 -c 'import fcntl, os, struct
fcntl.ioctl(os.open("/mnt/fs/sealed", os.O_RDONLY), 0x40806685, struct.pack("IIIIQIIQ88s", 1, 1, 4096, 0, 0, 0, 0, 0, b""))'
umount /mnt/fs
mount -o dax=always "$block" /mnt/fs
mkdir /mnt/fs/secret
# struct fscrypt_add_key_arg, struct fscrypt_policy_v2 (include/uapi/linux/fscrypt.h).
check 'encryption: a directory is encrypted' /usr/bin/python3 -c 'import fcntl, os, struct
key = bytearray(struct.pack("II32sII32s", 2, 0, b"", 64, 0, b"") + bytes(range(64)))
fcntl.ioctl(os.open("/mnt/fs", os.O_RDONLY), 0xC0506617, key)
policy = struct.pack("BBBBB3s16s", 2, 1, 4, 3, 0, b"", bytes(key[8:24]))
fcntl.ioctl(os.open("/mnt/fs/secret", os.O_RDONLY), 0x800C6613, policy)'
for file in secret/file plain; do dd if=/dev/zero of=/mnt/fs/$file bs=1M count=4 status=none; done
for line in "secret/file:is encrypted" "sealed:has fs-verity"; do
	same "${line%:*}: the kernel maps it through the page cache" '[false,false]' "$(probe "/mnt/fs/${line%:*}")"
	case $(pmemctl dax probe "/mnt/fs/${line%:*}") in *"${line#*:}"*) ok "${line%:*}: and why" ;;
	*) not_ok "${line%:*}: and why: $(pmemctl dax probe "/mnt/fs/${line%:*}")" ;; esac
done
same 'verity and encryption: another file has it' '[true,true]' "$(probe /mnt/fs/plain)"
same 'verity and encryption: some files have it, and why others do not' '[true,true,true,["inode-flag","encryption","verity"]]' "$(state /mnt/fs)"
umount /mnt/fs

# Stacked, at a page and beside one: the kernel takes both for able.
wipefs -qa "$block"
sectors=$(($(blockdev --getsz "$block") - 4096))
# stack NAME START: makes $dm, with a node of its own: there is no udev here.
stack() {
	dmsetup create --noudevsync "$1" --table "0 $sectors linear $block $2"
	# shellcheck disable=SC2046
	mknod "/run/$1" b $(dmsetup info -c --noheadings --separator ' ' -o major,minor "$1")
	dm=dm-$(dmsetup info -c --noheadings -o minor "$1")
}
stack straight 8
same 'dm-linear at a page: can have DAX' '[true,false,null,["block-device"]]' "$(state "/dev/$dm")"
mkfs.ext4 -q -F -b 4096 /run/straight >&2 && mount -o dax=always /run/straight /mnt/fs
dd if=/dev/zero of=/mnt/fs/file bs=1M count=4 2>/dev/null
same 'dm-linear at a page: a file on it has it' '[true,true]' "$(probe /mnt/fs/file)"
umount /mnt/fs
dmsetup remove --noudevsync straight
stack crooked 1
same 'dm-linear beside a page: the kernel offers DAX' 1 "$(cat "/sys/block/$dm/queue/dax")"
same 'dm-linear beside a page: called dangerous' '[false,["misaligned-stack"],true]' \
	"$(pmemctl dax status --json | jq -c --arg name "/dev/$dm" '.[] | select(.name == $name) | [.possible, [.causes[].cause], .dangerous]')"
case $(pmemctl dax status) in *DANGEROUS*corrupts*) ok 'dm-linear beside a page: in plain words' ;; *) not_ok 'dm-linear beside a page: in plain words' ;; esac
dmsetup remove --noudevsync crooked

# A partition beside a page.
printf 'label: dos\nstart=2049, size=65536\nstart=69632\n' | sfdisk -q "$block" >&2
for _ in $(seq 100); do [ -b "${block}p2" ] && break; /bin/busybox usleep 50000; done
same 'a partition beside a page: named' '[false,false,null,["misaligned-partition"]]' "$(state "${block}p1" | jq -c '.[1] = false')"
same 'a partition at a page: can have it' '[true,false,null,["block-device"]]' "$(state "${block}p2")"
mkfs.ext4 -q -F -b 4096 "${block}p1" >&2
check 'a partition beside a page: the kernel refuses too' sh -c "! mount -o dax=always ${block}p1 /mnt/fs"
mkfs.xfs -q -f -b size=4096 -m reflink=1 "${block}p2" >&2
mount -t xfs "${block}p2" /mnt/fs
same 'xfs with reflink on a partition: named' '[false,false,null,["reflink"]]' "$(state /mnt/fs)"
umount /mnt/fs
check 'xfs with reflink on a partition: the kernel refuses too' sh -c "! mount -t xfs -o dax=always ${block}p2 /mnt/fs"
wipefs -qa "$block" && blockdev --rereadpt "$block"

# A target that does not pass it on, and a filesystem that has none.
modprobe dm-delay
dmsetup create --noudevsync slow --table "0 $sectors delay $block 0 1" >&2
dm=dm-$(dmsetup info -c --noheadings -o minor slow)
same 'dm-delay: named' '[false,false,null,["stack-without-dax"]]' "$(state "/dev/$dm")"
dmsetup remove --noudevsync slow
modprobe vfat
if mkfs.vfat "$block" >&2 2>/dev/null && mount -t vfat "$block" /mnt/fs; then
	same 'vfat: named' '[false,false,null,["filesystem-type"]]' "$(state /mnt/fs)"
	umount /mnt/fs
fi

# Sector mode, raw mode, and a range that the kernel maps as it is.
pmemctl namespace create --region region1 --mode sector --size 64MiB --name table >&2
same 'sector mode: named' '[false,false,null,["sector-mode"]]' "$(state "$(kernel_name table)")"
same 'raw mode: named' '[false,false,null,["raw-mode"]]' "$(state namespace0.0)"
pmemctl namespace disable table >&2
same 'disabled: named' '[false,false,null,["disabled"]]' "$(state "$(kernel_name table)")"
e820=$(pmemctl namespace list --json | jq -r '.[] | select(.region == "region3") | .blockdev')
if [ -n "$e820" ]; then
	same 'e820: can have DAX' '[true,false,null,["block-device"]]' "$(state "/dev/$e820")"
	same 'e820: cannot be taken from it' 6 "$(status pmemctl dax disable --force "$e820")"
fi
pmemctl namespace destroy --force --yes --discard-content all >&2
