# What the platform and its DIMMs do by themselves, on nfit_test: scrubs, injected errors and health, firmware, overwrites.
# Compared with what the kernel's sysfs says.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/nfit.sh"

bus=$(basename "$(dirname "$(grep -lx nfit_test.0 $devices/ndbus*/provider)")")
qemu=$(basename "$(dirname "$(grep -lx ACPI.NFIT $devices/ndbus*/provider)")")

# Scrubs.
same 'QEMU has no scrub' 6 "$(status pmemctl bus scrub start "$qemu")"
same 'nor a state of one' 6 "$(status pmemctl bus scrub status "$qemu")"
pmemctl bus scrub wait "$bus" >&2
count() { tr -d + < $devices/$bus/nfit/scrub; }
before=$(count)
same 'who is not root starts none' 5 "$(status nobody "$PMEMCTL" bus scrub start "$bus")"
check 'a scrub is started' pmemctl bus scrub start "$bus"
check 'it is waited for, also by who is not root' nobody "$PMEMCTL" bus scrub wait "$bus" --timeout 120
same 'the kernel has counted it' 1 "$((($(count) - before) > 0))"
same 'as pmemctl does' "$(count)" "$(pmemctl bus scrub status "$bus" --json | jq '.[0].scrub_count')"
same 'it has found nothing new' 0 "$(pmemctl bus scrub status "$bus" --json | jq '.[0].new_badblock_count')"

# Injected errors, in a namespace in raw mode.
space=$(pmemctl namespace list --json | jq -r '[.[] | select(.mode == "raw" and .blockdev != null)] | .[] | .dev' |
	while read -r dev; do case $(readlink -f $devices/"$dev") in *nfit_test.0*) echo "$dev" && break ;; esac; done)
check "nfit_test has a namespace in raw mode ($space)" test -n "$space"
disk=$(pmemctl namespace list --json | jq -r --arg dev "$space" '.[] | select(.dev == $dev) | .blockdev')
bad() { tr '\n' ' ' < "/sys/block/$disk/badblocks"; }
inject() { pmemctl namespace inject-error "$space" "$@"; }
# await N: until the kernel lists N bad blocks, which it finds one after the other.
await() {
	for _ in $(seq 30); do
		[ "$(bad | awk '{ for (i = 2; i <= NF; i += 2) sum += $i } END { print sum + 0 }')" = "$1" ] && return
		pmemctl bus scrub wait "$bus" >&2
		sleep 1
	done
}
same 'QEMU injects nothing' 6 "$(status pmemctl namespace inject-error namespace0.0 --list)"
same 'nothing is injected at first' '[]' "$(inject --list --json | jq -c .)"
exec 9< "/dev/$disk"
same 'nothing is injected into what is open' 4 "$(status inject --block 8 --yes)"
exec 9<&-
same 'who is not root injects nothing' 5 "$(status nobody "$PMEMCTL" namespace inject-error "$space" --block 8 --yes)"
same 'nor beyond the end' 1 "$(status inject --block 99999999 --yes)"
same 'nothing was injected' '' "$(bad)"
check 'errors are injected' inject --block 8 --count 2 --yes --discard-content
same 'the platform tells which' '[{"block":8,"count":2}]' "$(inject --list --json | jq -c .)"
await 2
same 'the kernel lists them' '8 2 ' "$(bad)"
check 'they cannot be read' sh -c "! dd if=/dev/$disk of=/dev/null bs=512 skip=8 count=1 iflag=direct 2>&1"
said=$(pmemctl doctor)
case $said in *"error: $space: 2 blocks of 512 bytes are bad"*) ok 'doctor has them' ;; *) not_ok "doctor has them: $said" ;; esac
case $said in *"note: $space: errors are injected into 2 blocks of it"*) ok 'and calls them injected' ;; *) not_ok "and calls them injected: $said" ;; esac
check 'they are withdrawn' inject --withdraw
same 'the platform knows of none' '[]' "$(inject --list --json | jq -c .)"
check 'the kernel is made to forget them' pmemctl namespace clear-errors "$space"
same 'and lists none' '' "$(bad)"
check 'all can be read' dd if="/dev/$disk" of=/dev/null bs=512 skip=8 count=1 iflag=direct status=none
check 'silent ones are injected' inject --block 64 --count 3 --silent --yes --discard-content
same 'the kernel does not list them' '' "$(bad)"
check 'a scrub is started' pmemctl bus scrub start "$bus"
same 'it finds them' 3 "$(pmemctl bus scrub wait "$bus" --json | jq '.[0].new_badblock_count')"
same 'the kernel lists them' '64 3 ' "$(bad)"
check 'clearing takes them back too' pmemctl namespace clear-errors "$space"
same 'none is left' '[]' "$(inject --list --json | jq -c .)"
same 'and none is listed' '' "$(bad)"

# The files on bad blocks, by the extents that the filesystem reports.
mkfs.ext4 -q -F "/dev/$disk" >&2
mkdir -p /run/mnt
mount "/dev/$disk" /run/mnt
head -c 65536 /dev/urandom > /run/mnt/lost
head -c 65536 /dev/urandom > /run/mnt/kept
sync
block=$(($(filefrag -e -b512 /run/mnt/lost | awk '$1 == "0:" { sub(/\.\..*/, "", $4); print $4; exit }') + 16))
same 'nothing is injected into what is mounted' 4 "$(status inject --block "$block" --yes --discard-content)"
umount /run/mnt
pmemctl namespace show "$space" --files 2>&1 | grep -q 'not searched' && not_ok 'what has no bad block needs no search'
check 'errors are injected where a file is' inject --block "$block" --count 2 --yes --discard-content
await 2
check 'what is not mounted is not called free' sh -c "'$PMEMCTL' namespace show $space --files 2>&1 | grep -q 'is mounted here: its files were not searched'"
mount "/dev/$disk" /run/mnt
same 'the file is named, and the part of it' '["/run/mnt/lost",8192,1024]' \
	"$(pmemctl namespace show "$space" --files --json | jq -c '.damaged_files[0] | [.path, .offset, .length]')"
same 'no other one is' 1 "$(pmemctl namespace show "$space" --files --json | jq '.damaged_files | length')"
same 'who is not root gets no more than he may read' 0 "$(status nobody "$PMEMCTL" namespace show "$space" --files)"
check 'that part cannot be read' sh -c '! dd if=/run/mnt/lost of=/dev/null bs=4096 skip=2 count=1 iflag=direct 2>&1'
check 'doctor tells how to find it' grep -q "namespace show $space --files" <(pmemctl doctor)
umount /run/mnt
check 'they are withdrawn' inject --withdraw
check 'and cleared' pmemctl namespace clear-errors "$space"

# Injected health.
health() { pmemctl dimm health "$(dimm 1)" --json 2>/dev/null | jq -c ".[0] | $1"; }
was=$(health .health)
same 'QEMU reports nothing else' 6 "$(status pmemctl dimm inject-smart "$(pmemctl dimm list --json | jq -r --arg bus "$qemu" '.[0].dev')" --fatal)"
same 'what a DIMM cannot inject is refused' 6 "$(status pmemctl dimm inject-smart "$(dimm 1)" --controller-temperature 90)"
same 'with nothing injected' "$was" "$(health .health)"
check 'health is injected' pmemctl dimm inject-smart "$(dimm 1)" --media-temperature -3 --spares 4 --fatal
same 'the DIMM reports it' '[-3000,4,"fatal"]' \
	"$(health '.health | [.temperature_millicelsius, .spares_percentage, .health_state]')"
check 'doctor tells who has' grep -q "^note: $(dimm 1): pmemctl has injected" <(pmemctl doctor)
check 'it is withdrawn' pmemctl dimm inject-smart "$(dimm 1)" --withdraw
same 'the DIMM reports what it did' "$was" "$(health .health)"
same 'doctor does not tell any more' '' "$(pmemctl doctor | grep injected)"

# Firmware.
head -c 200000 /dev/urandom > /run/image
head -c 2000000 /dev/urandom > /run/large
firmware() { pmemctl dimm firmware "$1" "$(dimm "$2")" "${@:3}"; }
shown() { pmemctl dimm firmware show "$(dimm "$1")" --json | jq -c ".[0].firmware.$2"; }
armed() { cat "$devices/$(dimm "$1")/firmware/activate"; }
same 'QEMU has no firmware' 6 "$(status pmemctl dimm firmware show nmem0)"
same 'who is not root gets the reason' 5 "$(status nobody "$PMEMCTL" dimm firmware show "$(dimm 0)")"
same 'nothing is staged' null "$(shown 0 next_version)"
same 'nor can anything be armed' 1 "$(status firmware arm 0)"
same 'an image that is too large is refused' 1 "$(status firmware update 0 --image /run/large)"
same 'and an empty one' 1 "$(status firmware update 0 --image /dev/null)"
same 'and one that is not there' 3 "$(status firmware update 0 --image /run/nothing)"
# Intel's DSM: 14 send, 15 finish, 16 query.
for command in 14 15 16; do
	fail 0 $((1 << command))
	same "an update whose command $command fails, fails" 1 "$(status firmware update 0 --image /run/image)"
	fail 0 0
	same "nothing is staged after $command" null "$(shown 0 next_version)"
done
check 'an image is staged' firmware update 0 --image /run/image
check 'the DIMM tells its version' test "$(shown 0 next_version)" != null
same 'another one is refused' 1 "$(status firmware update 0 --image /run/image)"
same 'it is not armed' idle "$(armed 0)"
check 'it is armed' firmware arm 0
same 'the kernel says so' armed "$(armed 0)"
check 'and disarmed' firmware disarm 0
same 'the kernel says so' idle "$(armed 0)"
same 'without an armed DIMM nothing is activated' 1 "$(status pmemctl dimm firmware activate "$bus" --live --yes)"
check 'three more get it' pmemctl dimm firmware update --image /run/image "$(dimm 1)" "$(dimm 2)" "$(dimm 3)"
said=$(pmemctl dimm firmware arm "$(dimm 0)" "$(dimm 1)" "$(dimm 2)" "$(dimm 3)" 2>&1)
case $said in *'take longer together'*) ok 'four together take too long' ;; *) not_ok "four together take too long: $said" ;; esac
same 'and are not activated' 1 "$(status pmemctl dimm firmware activate "$bus" --live --yes)"
check 'one is disarmed' firmware disarm 3
said=$(pmemctl dimm firmware activate "$bus" --yes 2>&1)
same 'a root on 9p is not frozen' 4 $?
case $said in *--accept-freeze*) ok 'and the option is named' ;; *) not_ok "and the option is named: $said" ;; esac
same 'nothing was activated' armed "$(armed 0)"
check 'without a freeze it is' pmemctl dimm firmware activate "$bus" --live --yes
same 'the kernel says so' 'success success success' \
	"$(for n in 0 1 2; do cat "$devices/$(dimm $n)/firmware/result"; done | tr '\n' ' ' | sed 's/ $//')"
same 'who was disarmed is as it was' none "$(cat "$devices/$(dimm 3)/firmware/result")"

# An overwrite, of a DIMM that shares regions with others; nfit_test takes 5 s.
security() { pmemctl dimm security "$1" "$(dimm 1)" "${@:2}"; }
state() { cat "$devices/$(dimm 1)/security"; }
regions=$(pmemctl dimm health "$(dimm 1)" --json 2>/dev/null | jq -r '.[0].regions[]')
same 'an overwrite needs leave' 4 "$(status security overwrite --yes)"
same 'nothing was overwritten' disabled "$(state)"
check 'a DIMM is overwritten' security overwrite --yes --erase-all-data --discard-content
same 'the kernel says so' overwrite "$(state)"
same 'a second one is refused' 1 "$(status security overwrite --yes --erase-all-data)"
same 'a wait can end before it does' 1 "$(status security wait --timeout 0)"
check 'it is waited for' security wait --timeout 300
same 'it has ended' disabled "$(state)"
for region in $regions; do
	same "$region is enabled" null "$(pmemctl region show "$region" --json | jq .state)"
done
