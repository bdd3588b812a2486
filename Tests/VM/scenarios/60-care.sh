# The care of DIMMs, on the kernel's own simulated NVDIMMs (nfit_test): compared with what its sysfs says.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/nfit.sh"

# Its first four DIMMs have everything, of the last two the platform reports that they failed.
with_flags() { grep -l "$1" $devices/nmem*/nfit/flags | sed 's|.*/\(nmem[0-9]*\)/.*|\1|'; }
check 'nfit_test has DIMMs that can notify' test -n "$(with_flags smart_notify)"
check 'and one with a pending event' test -n "$(with_flags smart_event)"

same 'a DIMM has an event pending if the kernel says so, not if it can notify' \
	"$(with_flags smart_event | sort)" \
	"$(pmemctl dimm list --json | jq -r '.[] | select(.flag_smart_event) | .dev' | sort)"

# What doctor reports of nfit_test as it was made, compared with sysfs: of QEMU's DIMMs nothing but notes.
pmemctl bus scrub wait >&2
pmemctl doctor --json > /run/doctor
findings() { jq -r ".[] | select($1) | .subject" /run/doctor | sort -u | tr '\n' ' '; }
failed=$({ with_flags _fail; with_flags not_armed; } | sort -u | tr '\n' ' ')
read_only=$(basename -a $(dirname $(grep -lx 1 $devices/region*/read_only)))
same 'doctor has errors of the DIMMs that have failed, no other' "$failed" "$(findings '.severity == "error"')"
same 'and warnings of those in alarm, with an event, and of what is read-only' \
	"$({ for n in 0 1 2 3; do dimm $n; done; with_flags smart_event; echo "$read_only"; } | sort -u | tr '\n' ' ')" \
	"$(findings '.severity == "warning"')"
same 'each with what helps' '' "$(findings '.severity != "note" and (.try | length) == 0')"

# Health.
# health N FILTER
health() { pmemctl dimm health "$(dimm "$1")" --json 2>/dev/null | jq -c ".[0] | $2"; }

same 'a DIMM tells what nfit_test was made with' \
	'["non-critical",23000,25000,75,true,false,true,true,40000,false,true,5,5,"clean"]' \
	"$(health 0 '.health | [.health_state, .temperature_millicelsius, .controller_temperature_millicelsius, .spares_percentage,
		.alarm_temperature, .alarm_controller_temperature, .alarm_spares, .alarm_enabled_media_temperature,
		.temperature_threshold_millicelsius, .alarm_enabled_ctrl_temperature, .alarm_enabled_spares, .spares_threshold,
		.life_used_percentage, .shutdown_state]')"
same 'dirty shutdowns are counted as sysfs does' "$(cat "$devices/$(dimm 0)/nfit/dirty_shutdown")" \
	"$(health 0 .health.shutdown_count)"
same 'non-critical is a warning, and the status is 1' 1 "$(status pmemctl dimm health "$(dimm 0)")"
same 'with its reasons' '["warning",3]' "$(health 0 '[.verdict, (.reasons | length)]')"
ndctl inject-smart --fatal "$(dimm 1)" >&2
same 'a fatal state is critical' critical "$(health 1 .verdict | tr -d '"')"
check 'doctor has it as an error' grep -q "^error: $(dimm 1): it reports the state fatal" <(pmemctl doctor)
check 'status has it' grep -q "^  $(dimm 1) .*health critical" <(pmemctl status)
ndctl inject-smart --fatal-uninject "$(dimm 1)" >&2
ndctl inject-smart --media-temperature=-3 --spares=4 "$(dimm 1)" >&2
same 'temperatures below zero are read' '[-3000,4]' \
	"$(health 1 '.health | [.temperature_millicelsius, .spares_percentage]')"
ndctl inject-smart --uninject-all "$(dimm 1)" >&2

fail 0 $((1 << 1))
same 'a health command that fails is unknown, not well' '["unknown",null]' "$(health 0 '[.verdict, .health]')"
same 'and the status is 1' 1 "$(status pmemctl dimm health "$(dimm 0)")"
fail 0 $((1 << 2))
same 'thresholds that cannot be read are named' 1 \
	"$(health 0 '[.reasons[] | select(.level == "unknown") | select(.text | test("thresholds.*cannot be read"))] | length')"
fail 0 0

same 'DIMMs of QEMU have no health, which is no finding' '"not-supported"' \
	"$(pmemctl dimm health nmem0 --json 2>/dev/null | jq -c '.[0].verdict')"
same 'with a status of its own' 6 "$(status pmemctl dimm health nmem0)"
same 'who is not root is told so' '"not-permitted"' \
	"$(nobody "$PMEMCTL" dimm health "$(dimm 0)" --json 2>/dev/null | jq -c '.[0].verdict')"
same 'with a status of its own too' 5 "$(status nobody "$PMEMCTL" dimm health "$(dimm 0)")"
same 'what the platform reports is for all' '"critical"' \
	"$(nobody "$PMEMCTL" dimm health "$(with_flags map_fail)" --json 2>/dev/null | jq -c '.[0].verdict')"

# Security. The keys are this guest's alone: its file system is a layer of memory.
keys=/etc/ndctl/keys
modprobe encrypted-keys 2> /dev/null
id() { cat "$devices/$(dimm "$1")/nfit/id"; }
state() { cat "$devices/$(dimm "$1")/security"; }
# power_cycle N: locked, as after a power cycle: the driver and the keyring have forgotten the key.
power_cycle() {
	local dimm
	dimm=$(dimm "$1")
	ndctl disable-region -b nfit_test.0 all >&2
	ndctl disable-dimm "$dimm" >&2
	echo 1 > "$tests/test_dimm$1/lock_dimm"
	"$PROGRAMS/forget" "nvdimm:$(id "$1")" "nvdimm-pending:$(id "$1")" >&2
	ndctl enable-dimm "$dimm" >&2
}
# security VERB N [OPTION...]
security() { pmemctl dimm security "$1" "$(dimm "$2")" "${@:3}"; }

same 'QEMU has no security' 6 "$(status pmemctl dimm security setup nmem0)"
same 'who is not root changes nothing' 5 "$(status nobody "$PMEMCTL" dimm security setup "$(dimm 2)")"
same 'without a master key nothing is begun' 1 "$(status security setup 2)"
same 'and there is no passphrase' disabled "$(state 2)"
check 'a passphrase is set up' security setup 2 --new-master-key
same 'the kernel says so' unlocked "$(state 2)"
same 'only root may read the keys' '600 600' \
	"$(stat -c %a "$keys/nvdimm_$(id 2)_$(uname -n).blob" $keys/nvdimm-master.blob | tr '\n' ' ' | sed 's/ $//')"
same 'nothing is pending' '' "$(ls $keys | grep pending)"
same 'a second time is refused' 1 "$(status security setup 2)"
power_cycle 2
same 'after a power cycle it is locked' locked "$(state 2)"
check 'doctor says so' grep -q "$(dimm 2).*locked" <(pmemctl doctor)
check 'it is unlocked' security unlock 2
same 'the kernel says so' unlocked "$(state 2)"
check 'the passphrase is changed' security update 2
power_cycle 2
check 'and opens it' security unlock 2
power_cycle 2
check 'ndctl reads the keys' ndctl load-keys
ndctl disable-dimm "$(dimm 2)" >&2
ndctl enable-dimm "$(dimm 2)" >&2
same 'and they open it' unlocked "$(state 2)"

# The driver of DIMMs in an initramfs, without the passphrase, and with it.
tree=/run/initramfs image=/boot/initrd.img-$(uname -r)
mkdir -p $tree/usr/lib/modules /boot $tree/etc/ndctl/keys
pack() { (cd $tree && find . | cpio -o -H newc --quiet | gzip -1) > "$image"; }
touch $tree/usr/lib/modules/ext4.ko
pack
same 'an initramfs without the driver needs no passphrase' '' "$(pmemctl doctor | grep 'has its driver')"
mkdir -p $tree/usr/lib/modules/drivers
touch $tree/usr/lib/modules/drivers/nfit.ko
pack
check 'one with the driver alone is reported' grep -q "^warning: $(dimm 2): $image has its driver, but not its passphrase" \
	<(pmemctl doctor)
cp $keys/nvdimm_* $tree/etc/ndctl/keys/
pack
same 'one with the passphrase is not' '' "$(pmemctl doctor | grep 'has its driver')"
rm "$image"

# Commands that take effect, and then fail: nfit_test does what it is told before it says no. Intel's DSM: 20 set, 21 disable.
before=$(sha256sum $keys/nvdimm_*)
for round in 1 2; do
	fail 2 $((1 << 20))
	said=$(security update 2 2>&1)
	same "a change that the DIMM calls failed fails, $round" 1 $?
	same "the current key is the same, $round" "$before" "$(sha256sum $keys/nvdimm_*)"
	fail 2 0
done
power_cycle 2
same 'a power cycle locks it' locked "$(state 2)"
check 'the passphrase that it has after all opens it' security unlock 2
same 'and is the current one' 0 "$(find $keys -name '*pending*' | wc -l)"
before=$(sha256sum $keys/nvdimm_*)
fail 2 $((1 << 21))
said=$(security remove 2 2>&1)
same 'a removal that the DIMM calls failed fails' 1 $?
case $said in *'was unlocked, and is disabled'*) ok 'what came of it is said' ;; *) not_ok "what came of it is said: $said" ;; esac
same 'the key stays' "$before" "$(sha256sum $keys/nvdimm_*)"
fail 2 0
check 'doctor reports the key that is left over' grep -q "$(dimm 2): it has no passphrase, but" <(pmemctl doctor)
rm -rf /var/lib/pmemctl
check 'a new passphrase is set up' security setup 2

# A change that is killed before its calls on the keys or the DIMM, every third of them (KILL_STEP), and a power cycle: what is on
# disk opens the DIMM.
opened=0 tried=0
for point in $(seq 1 "${KILL_STEP:-3}" 60); do
	LD_PRELOAD=$PROGRAMS/inject INJECT_PATHS="$keys:/sys/devices/platform/nfit_test.0" INJECT_PLAN="kill@$point" \
		INJECT_LOG=/run/injected "$PMEMCTL" dimm security update "$(dimm 2)" >&2
	[ $? = 137 ] || break
	rm -rf /var/lib/pmemctl
	power_cycle 2
	tried=$((tried + 1))
	[ "$(state 2)" = locked ] && security unlock 2 >&2 && [ "$(state 2)" = unlocked ] && opened=$((opened + 1))
done
same "killed at $tried calls, it was opened by what is on disk" "$tried" "$opened"
check 'the calls were many' test "$tried" -ge 5
check 'and can be changed' security update 2

# The same of a passphrase that is set up, and of one that is removed.
# cut VERB: kills it before its calls, every other of them.
cut() {
	opened=0 tried=0
	for point in $(seq 1 2 80); do
		case $1 in
		setup) [ "$(state 2)" = disabled ] || security remove 2 >&2 ;;
		remove) [ "$(state 2)" != disabled ] || security setup 2 >&2 ;;
		esac
		LD_PRELOAD=$PROGRAMS/inject INJECT_PATHS="$keys:/sys/devices/platform/nfit_test.0" INJECT_PLAN="kill@$point" \
			INJECT_LOG=/run/injected "$PMEMCTL" dimm security "$1" "$(dimm 2)" >&2
		[ $? = 137 ] || break
		rm -rf /var/lib/pmemctl
		tried=$((tried + 1))
		# A DIMM without a passphrase is open; nfit_test would give it one by locking it.
		if [ "$(state 2)" != disabled ]; then
			power_cycle 2
			[ "$(state 2)" = locked ] && security unlock 2 >&2
		fi
		case $(state 2) in disabled | unlocked) opened=$((opened + 1)) ;; esac
	done
	same "$1, killed at $tried calls: the DIMM is open each time" "$tried" "$opened"
	check "the calls of $1 were many" test "$tried" -ge 4
}
cut setup
cut remove
[ "$(state 2)" != disabled ] || security setup 2 >&2

check 'it is frozen' security freeze 2
same 'the kernel says so' 1 "$(cat "$devices/$(dimm 2)/frozen")"
before=$(sha256sum $keys/nvdimm_*)
said=$(security update 2 2>&1)
same 'nothing is changed then' 1 $?
case $said in *frozen*) ok 'and the reason is said' ;; *) not_ok "and the reason is said: $said" ;; esac
same 'nor are the keys' "$before" "$(sha256sum $keys/nvdimm_*)"

# Erasing, on the third DIMM, which shares a region with others.
region=$(pmemctl dimm health "$(dimm 3)" --json 2>/dev/null | jq -r '.[0].regions[0]')
check 'a passphrase is set up on another one' security setup 3
pmemctl region enable "$region" >&2
before=$(state 3)
said=$(security erase 3 --yes 2>&1)
same 'erasing is refused without leave' 4 $?
case $said in *--erase-all-data*) ok 'and says by what' ;; *) not_ok "and says by what: $said" ;; esac
same 'nothing was changed' "$before" "$(state 3)"
disk=$(pmemctl namespace list --region "$region" --json | jq -r '.[0].blockdev')
exec 9< "/dev/$disk"
said=$(security erase 3 --yes --erase-all-data 2>&1)
same 'nor is it done while a namespace on it is in use' 4 $?
case $said in *"$disk"*) ok 'who is named' ;; *) not_ok "who is named: $said" ;; esac
exec 9<&-
same 'nothing was changed then' "$before" "$(state 3)"
# 24: secure erase.
fail 3 $((1 << 24))
same 'an erase that the DIMM calls failed fails' 1 "$(status security erase 3 --yes --erase-all-data)"
fail 3 0
same 'its region is enabled again' null "$(pmemctl region show "$region" --json | jq .state)"
rm -rf /var/lib/pmemctl
[ "$(state 3)" = disabled ] && security setup 3 >&2
check 'it is erased' security erase 3 --yes --erase-all-data
same 'the kernel says so' disabled "$(state 3)"
same 'its keys are gone' '' "$(find $keys -name "*$(id 3)*")"
same 'its region is enabled' null "$(pmemctl region show "$region" --json | jq .state)"
check 'and so is one without a passphrase' security erase 3 --yes --erase-all-data
same 'a frozen one is not erased' 1 "$(status security erase 2 --yes --erase-all-data)"
