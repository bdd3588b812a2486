# Nodes that a change recreates keep their owner, group, mode and ACL.
. "$VM_TESTS/lib.sh"

# attributes NODE: owner, group, mode and ACL.
attributes() {
	stat -c '%u:%g %a' "$1"
	/usr/bin/python3 -c 'import os, sys; print("system.posix_acl_access" in os.listxattr(sys.argv[1]) and
		os.getxattr(sys.argv[1], "system.posix_acl_access").hex())' "$1"
}

label_all
for mode in devdax fsdax; do
	pmemctl namespace create --region region0 --mode "$mode" --size 64MiB --name "nodes-$mode" >&2
	device=$(node "nodes-$mode")
	chown 1000:36 "$device"
	chmod 640 "$device"
	# user::rw-, user:1001:rw-, group::r--, mask::rw-, other::---
	/usr/bin/python3 -c 'import os, struct, sys
acl = [(1, 6, -1), (2, 6, 1001), (4, 4, -1), (16, 6, -1), (32, 0, -1)]
os.setxattr(sys.argv[1], "system.posix_acl_access",
	struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in acl))' "$device" || ok "$mode: no ACLs here # SKIP"
	before=$(attributes "$device")
	check "$mode: reconfigure" pmemctl namespace reconfigure --force --yes "nodes-$mode" --map mem
	same "$mode: the node is as it was after a reconfigure" "$before" "$(attributes "$(node "nodes-$mode")")"
	check "$mode: undo" pmemctl undo run --yes
	same "$mode: the node is as it was after an undo" "$before" "$(attributes "$(node "nodes-$mode")")"
done

# Settings of the block device, and a change that is killed: at each call on sysfs of a rename, as long as it makes one.
device=$(node nodes-fsdax)
settings() {
	blockdev --getro --getra "$(node nodes-fsdax)"
	attributes "$(node nodes-fsdax)"
}
blockdev --setra 64 "$device"
blockdev --setro "$device"
before=$(settings)
check "settings: rename" pmemctl namespace rename nodes-fsdax renamed
check "settings: rename again" pmemctl namespace rename renamed nodes-fsdax
same "a read-only device with a read-ahead of its own is one after a rename" "$before" "$(settings)"
kills=0
for call in 1 2 3 4 5 6 7 8; do
	LD_PRELOAD=$PROGRAMS/inject INJECT_PATHS=/sys/bus/nd INJECT_PLAN=killafter@$call \
		"$PMEMCTL" namespace rename nodes-fsdax renamed >&2
	[ $? = 137 ] || break
	kills=$((kills + 1))
	check "killed at call $call: undo" pmemctl undo run --yes
	same "killed at call $call: node and settings are as they were" "$before" "$(settings)"
done
check "at least three kills" test "$kills" -ge 3
label_all
rm -rf /var/lib/pmemctl
