# What is stacked on persistent memory, or serves it, by drivers that a guest of `make test` has no tools for: md, bcache, LVM's
# mirrors, device mapper's other targets, NFS. Each is in use first, is found, refuses, and is let go.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/unseen.sh"

make_namespaces
mkdir -p /run/a
export MDADM_NO_UDEV=1 MDADM_NO_SYSTEMCTL=1 DM_DISABLE_UDEV=1
sectors=$(($(blockdev --getsz "$second") / 2048 * 2048))

# works DEVICE: reads and writes of it reach the media.
works() {
	dd if=/dev/urandom of=/run/pattern bs=4096 count=16 status=none
	dd if=/run/pattern of="$1" bs=4096 count=16 seek=64 oflag=direct conv=notrunc status=none || return
	dd if="$1" bs=4096 count=16 skip=64 iflag=direct status=none | cmp - /run/pattern
}

# clean: nothing is on either any more.
clean() { wipefs -qa "$block" "$second"; dd if=/dev/zero of="$block" bs=1M count=2 status=none; dd if=/dev/zero of="$second" bs=1M count=2 status=none; }

# both WHAT KIND COMMAND...: as in_use, for either namespace.
both() {
	in_use "$1 (block)" block "$2" "${@:3}"
	in_use "$1 (second)" second "$2" "${@:3}"
	beside "$1" second
}
# freed WHAT
freed() {
	for _ in $(seq 50); do [ -z "$(kinds block)$(kinds second)" ] && break; /bin/busybox usleep 100000; done
	goes block "$1"
	goes second "$1"
}

# --- md

for level in 0 1; do
	modprobe raid$level
	if mdadm --create /dev/md0 --run --quiet --level=$level --raid-devices=2 --metadata=1.2 $([ $level = 1 ] && echo --assume-clean) \
		"$block" "$second" >&2; then
		both "md, raid$level" holder works /dev/md0
		mkfs.ext4 -q -F /dev/md0 >&2
		mount /dev/md0 /run/a
		in_use "md, raid$level, with a filesystem" second mount touch /run/a/file
		umount /run/a
		mdadm --quiet --stop /dev/md0 >&2
	else
		not_ok "md, raid$level"
	fi
	clean
	freed "md, raid$level"
done

# A write-mostly half that has failed is still a member.
mdadm --create /dev/md0 --run --quiet --level=1 --raid-devices=2 --metadata=1.0 --assume-clean "$block" "$second" >&2
mdadm --quiet /dev/md0 --fail "$second" >&2
in_use "md with a failed half" second holder works /dev/md0
mdadm --quiet /dev/md0 --remove "$second" >&2
goes second "md without its failed half"
mdadm --quiet --stop /dev/md0 >&2
clean
freed "md with a failed half"

# --- bcache

if modprobe bcache 2>/dev/null && command -v make-bcache > /dev/null; then
	registered() { for device in "$@"; do echo "$device" > /sys/fs/bcache/register; done; }
	make-bcache --wipe-bcache -B "$block" >&2
	registered "$block"
	if cached=$(disk 'bcache[0-9]*'); then
		in_use "bcache without a cache" block holder works "$cached"
		echo 1 > "/sys/block/${cached##*/}/bcache/stop"
	else
		not_ok "bcache without a cache"
	fi
	freed "bcache without a cache"
	make-bcache --wipe-bcache --bucket 64k -C "$second" >&2
	registered "$second"
	in_use "a cache of bcache without what it caches" second holder ls -d /sys/fs/bcache/*-*
	for set in /sys/fs/bcache/*-*; do echo 1 > "$set/stop"; done
	clean
	freed "a cache of bcache"
	make-bcache --wipe-bcache --bucket 64k -B "$block" -C "$second" >&2
	registered "$block" "$second"
	cached=$(disk 'bcache[0-9]*')
	both "bcache" holder works "$cached"
	echo 1 > "/sys/block/${cached##*/}/bcache/stop"
	for set in /sys/fs/bcache/*-*; do echo 1 > "$set/stop"; done
	clean
	freed "bcache"
else
	ok "bcache # SKIP"
fi

# --- LVM

if command -v lvm > /dev/null; then
	lvm() { command lvm "$@" --config 'activation { udev_sync = 0 udev_rules = 0 monitoring = 0 } devices { use_devicesfile = 0 }' >&2; }
	modprobe -a dm-mirror dm-raid dm-snapshot dm-thin-pool 2>/dev/null
	lvm pvcreate -ff -y "$block" "$second" && lvm vgcreate pm "$block" "$second"
	for type in mirror raid1; do
		if lvm lvcreate -y -W n -Z n --type $type -m 1 --nosync $([ $type = mirror ] && echo --mirrorlog core) -L 64M -n half pm; then
			both "LVM $type" holder works /dev/mapper/pm-half
			lvm lvremove -y pm/half
		else
			not_ok "LVM $type"
		fi
	done
	lvm vgremove -y -f pm
	lvm pvremove -y -ff "$block" "$second"
	clean
	freed LVM
else
	ok "LVM # SKIP"
fi

# --- Device mapper's targets

modprobe loop 2>/dev/null
for target in "linear $second 0" "striped 1 128 $second 0" "mirror core 1 1024 2 $block 0 $second 0" \
	"crypt aes-xts-plain64 $(printf '%064d' 0) 0 $second 0" "delay $second 0 0" "flakey $second 0 600 0" \
	"snapshot $block $second N 16"; do
	name=${target%% *}
	modprobe "dm-$name" 2>/dev/null
	if dmsetup create --noudevsync top --table "0 $((sectors / 2)) $target" 2>&1 | sed 's/^/# /' && [ -e /dev/mapper/top ]; then
		in_use "dm-$name" second holder works /dev/mapper/top
		mkfs.ext4 -q -F /dev/mapper/top >&2
		mount /dev/mapper/top /run/a && truncate -s 64M /run/a/disk
		loop=$(losetup --find --show --direct-io=on /run/a/disk)
		in_use "a loop device with direct I/O on a file of dm-$name" second loop works "$loop"
		losetup -d "$loop"
		umount /run/a
		dmsetup remove --noudevsync top
		clean
		freed "dm-$name"
	else
		not_ok "dm-$name"
	fi
done

# --- NFS

if command -v rpc.nfsd > /dev/null && modprobe nfsd 2>/dev/null && modprobe nfsv4 2>/dev/null; then
	mkdir -p /var/lib/nfs/sm /var/lib/nfs/v4recovery /run/nfs /run/served
	mount -t tmpfs none /var/lib/nfs && mkdir -p /var/lib/nfs/v4recovery /var/lib/nfs/sm && touch /var/lib/nfs/etab /var/lib/nfs/rmtab
	mount -t nfsd nfsd /proc/fs/nfsd
	echo 10 > /proc/fs/nfsd/nfsv4leasetime
	echo 10 > /proc/fs/nfsd/nfsv4gracetime
	mkfs.ext4 -q -F "$block" >&2
	mount "$block" /run/served && echo content > /run/served/file
	exportfs -o rw,fsid=0,no_root_squash,insecure,sync,no_subtree_check '*:/run/served' >&2
	rpc.nfsd --no-nfs-version 3 --no-udp 2 >&2
	rpc.mountd --no-nfs-version 3 >&2
	if timeout 60 mount -t nfs -o vers=4.2,hard,noac,sec=sys,addr=127.0.0.1,clientaddr=127.0.0.1 127.0.0.1:/ /run/nfs; then
		in_use "a filesystem that NFS serves" block mount cat /run/nfs/file
		timeout 60 /usr/bin/python3 -c 'import os; open("/run/nfs/kept", "w").write("x")' >&2
		/usr/bin/python3 -c 'import time
kept = open("/run/nfs/kept", "a"); print("ready", flush=True); time.sleep(3600)' > /run/client.out 2>&1 &
		client=$!
		ready /run/client.out
		# What clients have open keeps it when nothing mounts it any more.
		umount -l /run/served
		same "a filesystem that NFS serves, unmounted: it is alive" content "$(timeout 60 cat /run/nfs/file)"
		case $(kinds block) in *superblock*unseen*) ok "a filesystem that NFS serves, unmounted: unseen" ;;
		*) not_ok "a filesystem that NFS serves, unmounted: $(kinds block)" ;; esac
		refused "a filesystem that NFS serves, unmounted" block superblock
		# A server that answers no more.
		iptables -V > /dev/null 2>&1
		ip link set lo down
		same "a dead NFS mount: it is one" 124 "$(status timeout 3 stat /run/nfs/file)"
		hold flight "$second"
		for command in "user list" "mapping list" "mapping list --interface maps" "mapping list --interface query" "pin list" \
			"dax status" "status" "doctor"; do
			for view in "" "$no_bpf"; do
				# shellcheck disable=SC2086
				case $(status timeout 60 $view "$PMEMCTL" $command) in 0 | 2 | 5) ok "a dead NFS mount: $command ends${view:+, also without BPF}" ;;
				*) not_ok "a dead NFS mount: $command ends${view:+, also without BPF}" ;; esac
			done
		done
		same "a dead NFS mount: its neighbour is not missed" 4 "$(status timeout 60 "$PMEMCTL" namespace disable second)"
		let_go
		# A loop device on a file of it, and a working directory.
		sh -c 'cd /run/nfs && echo ready && exec /bin/busybox sleep 600' > /run/directory.out 2>&1 &
		inside=$!
		same "a dead NFS mount: a directory in it does not stop anything" 0 "$(status timeout 60 "$PMEMCTL" user list)"
		kill -9 "$inside" "$client" 2>/dev/null
		ip link set lo up
		kill -9 "$client" 2>/dev/null
		umount -f -l /run/nfs
	else
		not_ok "a filesystem that NFS serves"
	fi
	exportfs -ua >&2
	rpc.nfsd 0 >&2
	umount -l /run/served 2>/dev/null
	for _ in $(seq 200); do [ -z "$(kinds block)" ] && break; /bin/busybox usleep 100000; done
	wipefs -qa "$block"
	goes block "a filesystem that NFS served"
else
	ok "NFS # SKIP"
fi
