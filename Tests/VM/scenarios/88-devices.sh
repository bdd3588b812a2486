# DAX devices: of a namespace, which is one forever, and of memory that the platform sets aside, which can be divided.
# daxctl is asked what there is after each change.
. "$VM_TESTS/lib.sh"

label_all
# Where memory is set aside, its region may have taken a number.
on() { pmemctl region list --json | jq -r --arg dimm "$1" '.[] | select(any(.mappings[]?; .dimm == $dimm)) | .dev'; }
policy=/sys/devices/system/memory/auto_online_blocks
echo offline > $policy

# device NAME KEY...: as daxctl has it.
device() {
	local name=$1
	shift
	daxctl list -D -d "$name" -i | jq -c "(if type == \"array\" then .[0] else . end) | [$(printf '.%s,' "$@" | sed 's/,$//')]"
}
# agree NAME: pmemctl says of a device what daxctl says.
agree() {
	local keys='{chardev, size, target_node, align, mode, online_memblocks, total_memblocks, state}'
	same "$2: pmemctl and daxctl agree on $1" \
		"$(daxctl list -D -d "$1" -i | jq -c "(if type == \"array\" then .[0] else . end) | $keys")" \
		"$(pmemctl device list "$1" --json | jq -c ".[0] | $keys")"
}

pmemctl namespace create --region "$(on nmem1)" --mode devdax --size 1GiB --name ram >&2
dax=$(basename "$(node ram)")
agree "$dax" 'devdax'
same 'a namespace is one device forever: no other' 6 "$(status pmemctl device create)"
same 'and it stays' 6 "$(status pmemctl device destroy --force "$dax")"

# A process has it mapped: daxctl disables it, pmemctl does not.
hold holder map "/dev/$dax"
same 'a mapped device is not disabled' 4 "$(status pmemctl device disable "$dax")"
same 'nor made system-ram' 4 "$(status pmemctl device reconfigure --mode system-ram "$dax")"
same 'it is as it was' '["devdax",null]' "$(device "$dax" mode state)"
let_go

check 'it is disabled' pmemctl device disable "$dax"
agree "$dax" 'disabled'
check 'and enabled' pmemctl device enable "$dax"
agree "$dax" 'enabled'

plan=$(pmemctl device reconfigure --mode system-ram "$dax" --dry-run)
case $plan in *'blocks of 128 MiB'*'fill no block'*) ok 'rounding to memory blocks is told' ;; *) not_ok "rounding is told: $plan" ;; esac
check 'it becomes system-ram' pmemctl device reconfigure --mode system-ram "$dax"
agree "$dax" 'system-ram'
same 'all of it is online and movable' true "$(device "$dax" 'movable' | jq '.[0]')"
said=$(printf '%s' "$plan" | sed -n 's/.*  \([0-9]*\) blocks of.*/\1/p')
same 'as many blocks as were told' "[$said,$said]" "$(device "$dax" online_memblocks total_memblocks)"
same 'the namespace cannot go while it is online' 4 "$(status pmemctl namespace disable ram)"
same 'nor come back without force' 4 "$(status pmemctl device reconfigure --mode devdax "$dax")"
check 'its memory goes offline' pmemctl device offline "$dax"
agree "$dax" 'offline'
check 'and online again, not movable' pmemctl device online --no-movable "$dax"
agree "$dax" 'online'
check 'it comes back with force' pmemctl device reconfigure --mode devdax --force "$dax"
agree "$dax" 'back'
check 'and can be mapped' "$PROGRAMS/map" "/dev/$dax" 2097152

# The kernel's policy would put it where it may never come back from: daxctl aborts, so does pmemctl, and says why.
echo online > $policy
said=$(pmemctl device reconfigure --mode system-ram "$dax" 2>&1)
same 'a policy that takes it for good is refused' 4 $?
case $said in *auto_online_blocks*) ok 'and named' ;; *) not_ok "and named: $said" ;; esac
same 'nothing was changed' '["devdax",null]' "$(device "$dax" mode state)"
echo offline > $policy

# A device that is smaller than a memory block.
pmemctl namespace create --region "$(on nmem0)" --mode devdax --size 128MiB --name small >&2
same 'no block fits' 1 "$(status pmemctl device reconfigure --mode system-ram small)"
same 'it is devdax still' '["devdax",null]' "$(device "$(basename "$(node small)")" mode state)"

# Memory that the platform sets aside.
if modprobe dax_hmem && /bin/busybox sleep 1 && [ -n "$(ls -d /sys/devices/platform/hmem.*/dax* 2>/dev/null)" ]; then
	whole=$(pmemctl device list --json | jq -r '.[] | select(.namespace == null) | .chardev')
	[ -n "$whole" ] || not_ok 'the memory set aside is listed'
	pmemctl device reconfigure --mode devdax --force "$whole" >&2
	agree "$whole" 'set aside'
	same 'there is nothing free' 1 "$(status pmemctl device create)"
	hold holder map "/dev/$whole"
	same 'a mapped device of the platform is not destroyed' 4 "$(status pmemctl device destroy --force "$whole")"
	let_go
	check 'it shrinks' pmemctl device reconfigure --size 256MiB "$whole"
	agree "$whole" 'smaller'
	check 'a second is made' pmemctl device create --size 128MiB
	second=$(pmemctl device list --json | jq -r --arg whole "$whole" '.[] | select(.namespace == null and .chardev != $whole) | .chardev')
	agree "$second" 'second'
	same 'of its size' '[134217728,"devdax",null]' "$(device "$second" size mode state)"
	same 'one that does not fit is not' 1 "$(status pmemctl device create --size 1GiB)"
	check 'the second can be mapped' "$PROGRAMS/map" "/dev/$second" 2097152
	same 'an enabled one is not destroyed without force' 4 "$(status pmemctl device destroy "$second")"
	check 'it is, with force' pmemctl device destroy --force --yes "$second"
	same 'and gone' '' "$(pmemctl device list --json | jq -r --arg second "$second" '.[] | select(.chardev == $second) | .chardev')"
	check 'the first takes all again' pmemctl device reconfigure --size max "$whole"
	same 'all of it' '[536870912]' "$(device "$whole" size)"
else
	ok 'this kernel makes no device of memory set aside # SKIP'
fi
pmemctl namespace destroy --force --yes ram small >&2
