# Nodes of namespaces that a change creates anew keep their owner, group, mode and ACL.
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
label_all
rm -rf /var/lib/pmemctl
