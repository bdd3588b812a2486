# Every kind of damage of a BTT that the kernel wrote is found, nothing is written unless told to, and what is repaired is
# good to ndctl and to the kernel.
. "$VM_TESTS/lib.sh"

label_all
pmemctl namespace create --region region0 --mode sector --size 64MiB --name table >&2
namespace=$(kernel_name table)
device=$(node table)
# Sectors 0 to 1023 hold their numbers.
for sector in $(seq 0 1023); do printf '%-4096d' "$sector"; done > /run/numbers
dd if=/run/numbers of="$device" bs=4096 conv=notrunc oflag=direct status=none
# Written twice: every lane has changes in its log.
dd if=/run/numbers of="$device" bs=4096 conv=notrunc oflag=direct status=none
ndctl disable-namespace "$namespace" >&2
field() { ndctl read-infoblock -j "$namespace" | jq -r ".[0].$1"; }
map=$(field mapoff) log=$(field logoff) copy=$(field info2off)

# raw COMMAND...: runs it on the namespace in raw mode, as $raw.
raw=/dev/pmem0
raw() {
	echo 1 > "/sys/bus/nd/devices/$namespace/force_raw"
	ndctl enable-namespace "$namespace" >&2
	"$@"
	ndctl disable-namespace "$namespace" >&2
	echo 0 > "/sys/bus/nd/devices/$namespace/force_raw"
}
keep() { cp "$raw" /run/good.img; }
put_back() { raw dd if=/run/good.img of="$raw" bs=1M conv=notrunc status=none; }
sum() { sha256sum "$raw" | cut -d' ' -f1; }
# poke OFFSET ESCAPES: writes bytes.
poke() { printf "$2" | dd of="$raw" bs=1 seek="$1" conv=notrunc status=none; }
# peek OFFSET: four bytes as poke takes them.
peek() { dd if="$raw" bs=1 skip="$1" count=4 status=none | od -An -tx1 | sed 's/ /\\x/g'; }

# damaged WHAT FINDING NDCTL: finds it, leaves it, repairs it.
damaged() {
	local what=$1 finding=$2 ndctl=$3 before said
	before=$(raw sum)
	said=$(pmemctl namespace check table 2>&1)
	same "$what: it is found" 65 "$?"
	case $said in *"$finding"*) ok "$what: and told" ;; *) not_ok "$what: and told: $said" ;; esac
	same "$what: nothing was written" "$before" "$(raw sum)"
	same "$what: ndctl finds it too" "$ndctl" "$(ndctl check-namespace "$namespace" >&2 && echo good || echo bad)"
	check "$what: it is repaired" pmemctl namespace check --repair table
	same "$what: it is good" 0 "$(status pmemctl namespace check table)"
	same "$what: ndctl says so too" 0 "$(status ndctl check-namespace "$namespace")"
	check "$what: the kernel takes it" pmemctl namespace enable table
}
# readable FAILING...: every sector holds its number, but for those.
readable() {
	local what=$1 wrong='' sector
	shift
	for sector in 0 1 2 3 4 5 6 7 8 9 10 500 1023; do
		case " $* " in
		*" $sector "*) dd if="$device" bs=4096 skip="$sector" count=1 iflag=direct status=none of=/dev/null 2> /dev/null && wrong="$wrong $sector is readable" ;;
		*) [ "$(dd if="$device" bs=4096 skip="$sector" count=1 iflag=direct status=none 2> /dev/null | tr -d ' \0')" = "$sector" ] || wrong="$wrong $sector is not" ;;
		esac
	done
	same "$what: the sectors are what they should be" "" "$wrong"
	pmemctl namespace disable table >&2
	put_back
}

raw keep
same "sound: nothing is found" 0 "$(status pmemctl namespace check table)"
same "sound: in JSON" true "$(pmemctl namespace check table --json | jq -r .good)"

raw poke 0 '\0\0\0\0'
damaged "info block" 'the info block is damaged' bad
readable "info block"

raw poke "$copy" 'XXXX'
# ndctl does not look at it.
damaged "copy of the info block" 'the copy of the info block is damaged' good
readable "copy of the info block"

raw poke $((log + 64 * 7)) '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x07\0\0\0'
damaged "log" 'lane 7 of the log is damaged' bad
readable "log"

duplicate() { poke $((map + 4 * 6)) "$(peek $((map + 4 * 5)))"; }
raw duplicate
damaged "two sectors with one block" "map entry of sector 6 is damaged: its block" bad
readable "two sectors with one block" 6

raw poke $((map + 4 * 9)) '\xff\xff\xff\xff'
damaged "a block that is not there" 'map entry of sector 9 is damaged: it points to' bad
readable "a block that is not there" 9

lane_takes() { poke $((log + 64 * 3 + 4)) "$(peek $((map + 4 * 8)) | sed 's/\\x\(..\)$/\\x00/')"; poke $((log + 64 * 3 + 16 + 4)) "$(peek $((map + 4 * 8)) | sed 's/\\x\(..\)$/\\x00/')"; }
raw lane_takes
damaged "a lane with a sector's block" 'lane 3 of the log is damaged: its spare block' bad
readable "a lane with a sector's block"

# The second entry of each lane where kernels before 4.15 had it.
age_log() {
	dd if="$raw" bs=64 skip=$((log / 64)) count=256 status=none of=/run/log
	for ((lane = 0; lane < 256; lane++)); do
		dd if=/run/log of="$raw" bs=16 skip=$((lane * 4 + 1)) seek=$(((log + lane * 64) / 16 + 2)) count=1 conv=notrunc status=none
		dd if=/dev/zero of="$raw" bs=16 seek=$(((log + lane * 64) / 16 + 1)) count=1 conv=notrunc status=none
	done
}
indices() { cat /sys/kernel/debug/btt/btt*/arena0/log_index_{0,1} | xargs; }
mount -t debugfs none /sys/kernel/debug 2> /dev/null
raw age_log
pmemctl namespace enable table >&2
same "old log: the kernel takes it for one" "0 2" "$(indices)"
pmemctl namespace disable table >&2
said=$(pmemctl namespace check table)
same "old log: it is not damaged" 0 "$?"
case $said in *'format of kernels before 4.15'*) ok "old log: and told" ;; *) not_ok "old log: and told: $said" ;; esac
same "old log: not without leave to write" 64 "$(status pmemctl namespace check --rewrite-log table)"
check "old log: it is rewritten" pmemctl namespace check --repair --rewrite-log table
same "old log: nothing is left to say" "table: good" "$(pmemctl namespace check table | sed 's/.*"table"/table/')"
pmemctl namespace enable table >&2
same "old log: the kernel takes it for a new one" "0 1" "$(indices)"
readable "old log"

raw poke 0 '\0\0\0\0'
raw poke "$copy" '\0\0\0\0'
same "both info blocks: it is said" 65 "$(status pmemctl namespace check table)"
put_back

# A repair is undone like any other change.
raw duplicate
before=$(raw sum)
pmemctl namespace check --repair table >&2
check "a repair is undone" pmemctl undo run
same "a repair is undone: to the byte" "$before" "$(raw sum)"
put_back

# While it is enabled.
pmemctl namespace enable table >&2
same "enabled: not checked" 4 "$(status pmemctl namespace check table)"
same "enabled: unless it may be disabled for it" 0 "$(status pmemctl namespace check --force table)"
same "enabled: and is enabled again" "$device" "$(node table)"
pmemctl namespace destroy --force table >&2
