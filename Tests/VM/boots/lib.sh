# What the boots of first-boot share; see ../lib.sh.
. "$VM_TESTS/lib.sh"

# unit PROPERTY: of the unit that applies layouts. journal: what it said.
unit() { systemctl show -P "$1" pmemctl-layout.service; }
journal() { journalctl -b -o cat -u pmemctl-layout.service; }
# online: bytes of DIMM 1 that are the kernel's memory.
online() { pmemctl device list --json | jq '[.[] | select(.mode == "system-ram") | .online_memblocks * 134217728] | add // 0'; }

# everything_is_there: what the layouts in first-boot say, mounted and online.
everything_is_there() {
	same 'the namespaces are there' '[["files","fsdax"],["vm","devdax"],[null,"devdax"]]' \
		"$(pmemctl namespace list --json | jq -c '[.[] | [.name, .mode]]')"
	same 'the filesystem is mounted on it, with DAX' dax "$(findmnt -no OPTIONS /mnt/files | grep -o '\bdax\b')"
	check 'memory is the kernel'"'"'s, movable' grep -q Movable "/sys/devices/system/memory/memory$(last_block)/valid_zones"
	same 'all of it that fills whole blocks' 7 "$(($(online) / 134217728))"
}
last_block() { basename -a /sys/devices/system/memory/memory* | sed 's/memory//' | sort -n | tail -n 1; }
