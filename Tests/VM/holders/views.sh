# Every situation from every view: with each source of information taken away in turn, a refusal, never silence.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/unseen.sh"

make_namespaces
modprobe -a loop nvmet nvme-loop sd_mod tcm_loop target_core_iblock target_core_file zram btrfs xfs configfs 2>/dev/null
mount -t configfs configfs /sys/kernel/config 2>/dev/null
mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
mkdir -p /run/a

# python PROGRAM ARGUMENT...: in the background, as $holder, until let_go; it says when it is ready.
python() {
	/usr/bin/python3 -c "$@" > /run/python.out 2> /run/python.err &
	holder=$!
	ready /run/python.out
}

# The situations: begin_NAME puts the namespace $used into use, end_NAME lets it go.
begin_flight() { used=block && hold flight "$block"; }
end_flight() { let_go; }
begin_flight_dax() { used=device && hold flight "$device"; }
end_flight_dax() { let_go; }
begin_ring() { used=block && hold flight "$block" registered; }
end_ring() { let_go; }
begin_open() { used=block && python 'import sys, time
node = open(sys.argv[1], "rb"); print("ready", flush=True); time.sleep(3600)' "$block"; }
end_open() { let_go; }
begin_mapped() { used=device && hold holder mapclosed "$device"; }
end_mapped() { let_go; }
begin_mounted() { used=block && mkfs.ext4 -q -F "$block" >&2 && mount "$block" /run/a; }
end_mounted() { umount /run/a; wipefs -qa "$block"; }
begin_elsewhere() {
	used=block
	mkfs.ext4 -q -F "$block" >&2
	unshare --mount sh -c 'mount "$1" /run/a && echo ready && exec /bin/busybox sleep 3600' - "$block" > /run/python.out 2>&1 &
	holder=$!
	ready /run/python.out
}
end_elsewhere() { let_go; sleep 1; wipefs -qa "$block"; }
begin_lazy() {
	begin_mounted && truncate -s 1M /run/a/file && python 'import time
kept = open("/run/a/file", "r+b"); print("ready", flush=True); time.sleep(3600)' && umount -l /run/a
}
end_lazy() { let_go; sleep 1; wipefs -qa "$block"; }
begin_dax_file() {
	used=block && mkfs.ext4 -q -F -b 4096 "$block" >&2 && mount -o dax=always "$block" /run/a && truncate -s 4M /run/a/file &&
		hold holder mapclosed /run/a/file && umount -l /run/a
}
end_dax_file() { let_go; sleep 1; wipefs -qa "$block"; }
begin_swap() { used=second && mkswap -q "$second" >&2 && swapon "$second"; }
end_swap() { swapoff "$second"; wipefs -qa "$second"; }
begin_swapfile() {
	used=block && mkfs.ext4 -q -F "$block" >&2 && mount "$block" /run/a && dd if=/dev/zero of=/run/a/swap bs=1M count=16 status=none &&
		chmod 600 /run/a/swap && mkswap -q /run/a/swap >&2 && swapon /run/a/swap && umount -l /run/a
}
# Its path leads to it again.
end_swapfile() { mount "$block" /run/a; swapoff /run/a/swap; umount /run/a; sleep 1; wipefs -qa "$block"; }
begin_loop() { used=block && mknod /run/private b $((0x$(stat -c %t "$block"))) $((0x$(stat -c %T "$block"))) && loop=$(losetup --find --show /run/private) && rm /run/private; }
end_loop() { losetup -d "$loop"; }
begin_dm() { used=second && dmsetup create --noudevsync top --table "0 8192 linear $block 0
8192 8192 linear $second 0"; }
end_dm() { dmsetup remove --noudevsync top; }
begin_zram() { used=second && [ -w /sys/block/zram0/backing_dev ] && echo "$second" > /sys/block/zram0/backing_dev && echo 16M > /sys/block/zram0/disksize; }
end_zram() { echo 1 > /sys/block/zram0/reset; }
nvmet=/sys/kernel/config/nvmet
begin_nvmet() {
	used=block && mkdir -p $nvmet/subsystems/pm/namespaces/1 && printf %s "$block" > $nvmet/subsystems/pm/namespaces/1/device_path &&
		echo 1 > $nvmet/subsystems/pm/namespaces/1/enable
}
end_nvmet() { echo 0 > $nvmet/subsystems/pm/namespaces/1/enable; rmdir $nvmet/subsystems/pm/namespaces/1 $nvmet/subsystems/pm; }
core=/sys/kernel/config/target/core
begin_iblock() { used=second && mkdir -p $core/iblock_0/pm && printf %s "udev_path=$second" > $core/iblock_0/pm/control && echo 1 > $core/iblock_0/pm/enable; }
end_iblock() { rmdir $core/iblock_0/pm $core/iblock_0; }
begin_fileio() { used=second && mkdir -p $core/fileio_0/pm && printf %s "fd_dev_name=$second,fd_dev_size=67108864" > $core/fileio_0/pm/control && echo 1 > $core/fileio_0/pm/enable; }
end_fileio() { rmdir $core/fileio_0/pm $core/fileio_0; }
begin_btrfs() { used=second && mkfs.btrfs -q -f -d single -m raid1 "$block" "$second" >&2 && btrfs device scan >&2 && mount "$block" /run/a; }
end_btrfs() { umount /run/a; wipefs -qa "$block" "$second"; }
begin_xfs_log() { used=second && mkfs.xfs -q -f -l "logdev=$second,size=64m" "$block" >&2 && mount -o "logdev=$second" "$block" /run/a; }
end_xfs_log() { umount /run/a; wipefs -qa "$block" "$second"; }
begin_xfs_realtime() { used=second && mkfs.xfs -q -f -m reflink=0,rmapbt=0 -r "rtdev=$second" "$block" >&2 && mount -o "rtdev=$second" "$block" /run/a; }
end_xfs_realtime() { umount /run/a; wipefs -qa "$block" "$second"; }
begin_journal() {
	used=second && mkfs.ext4 -q -F -b 4096 -O journal_dev "$second" >&2 && mkfs.ext4 -q -F -b 4096 -J "device=$second" "$block" >&2 &&
		mount "$block" /run/a
}
end_journal() { umount /run/a; wipefs -qa "$block" "$second"; }
situations="flight flight_dax ring open mapped mounted elsewhere lazy dax_file swap swapfile loop dm zram nvmet iblock fileio btrfs xfs_log \
xfs_realtime journal"

pairs=0
for situation in $situations; do
	if begin_$situation; then
		from_everywhere "$situation" $used views
	else
		not_ok "$situation begins"
	fi
	end_$situation
	for _ in $(seq 100); do [ -z "$(kinds $used)" ] && break; /bin/busybox usleep 100000; done
	goes $used "$situation"
done
echo "# $pairs pairs"

# Lockdown is for good.
locked_down() {
	cat << END
lockdown: env
lockdown, a PID namespace: unshare --pid --fork --mount-proc
lockdown, an empty /proc: covered /proc
lockdown, an empty /sys/kernel/config: covered /sys/kernel/config
lockdown, an empty /sys/fs: covered /sys/fs
END
}
if echo confidentiality > /sys/kernel/security/lockdown 2>/dev/null; then
	for situation in $situations; do
		if begin_$situation; then
			from_everywhere "$situation, lockdown" $used locked_down
		else
			not_ok "$situation begins under lockdown"
		fi
		end_$situation
		sleep 1
	done
	said=$(pmemctl namespace disable block 2>&1)
	same "lockdown, though no process uses it: disable is not permitted" 5 $?
	case $said in *"locked down"*) ok "lockdown: the reason is named" ;; *) not_ok "lockdown: the reason is named: $said" ;; esac
	check "lockdown: with the flag it goes through" pmemctl namespace disable --assume-unused --yes block
else
	ok "lockdown # SKIP"
fi
