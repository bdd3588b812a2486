# The main job as a user types it: one namespace per mode, seen by ndctl, taken down again.
. "$VM_TESTS/lib.sh"

label_all
for mode in fsdax devdax sector raw; do
	same "create $mode" 0 "$(status pmemctl namespace create --region region0 --mode $mode --size 128MiB --name my-$mode)"
	same "ndctl agrees that it is $mode" $mode \
		"$(ndctl list -N -r region0 | jq -r --arg name my-$mode '(if type=="array" then . else .namespaces end)[] | select(.name==$name) | .mode')"
done
check "status draws it" pmemctl status
same "a wrong size is refused" 1 "$(status pmemctl namespace create --region region0 --size 900MB)"
same "an enabled namespace is not destroyed without --force" 4 "$(status pmemctl namespace destroy my-raw)"
same "all are destroyed" 0 "$(status pmemctl namespace destroy --force --region region0 all)"
same "nothing is left on region0" "[]" "$(pmemctl namespace list --region region0 --json)"
