# What was destroyed or reconfigured is brought back, with the files on it.
. "$VM_TESTS/lib.sh"

formatted() {
	mkfs.ext4 -q -F -b 4096 "$1" >&2 && mkdir -p /run/formatted && mount "$1" /run/formatted \
		&& echo "$2" > /run/formatted/file && umount /run/formatted
}
content() { mount "$@" /run/formatted 2> /dev/null && cat /run/formatted/file && umount /run/formatted; }
last() { pmemctl undo list --json | jq -r '.[0].id'; }

label_all
rm -rf /var/lib/pmemctl
pmemctl namespace create --region region0 --mode fsdax --size 128MiB --name files >&2
pmemctl namespace create --region region0 --mode sector --size 64MiB --name sectors >&2
pmemctl namespace create --region region0 --mode devdax --size 64MiB --name memory >&2
pmemctl namespace create --region region2 --mode fsdax --force >&2
formatted "$(node files)" one
formatted "$(node sectors)" two
formatted "$(node namespace2.0)" three
echo 'four' > /run/four
"$PROGRAMS/daxio" put /run/four "$(node memory)" >&2
before=$(pmemctl namespace list --json | jq -c '[.[] | {name, mode, size, uuid, raw_uuid, align, sector_size}]')

pmemctl namespace destroy --force --discard-content --yes files sectors memory namespace2.0 >&2
same "destroyed: nothing is left" "[]" "$(pmemctl namespace list --region region0 --json)"
same "destroyed: a label-less one is disabled" disabled "$(pmemctl namespace show namespace2.0 --json | jq -r .state)"
same "undo: a dry run changes nothing" "[]" "$(pmemctl undo run -n >&2; pmemctl namespace list --region region0 --json)"
check "undo" pmemctl undo run
same "undo: all are back, to the UUID" "$before" "$(pmemctl namespace list --json | jq -c '[.[] | {name, mode, size, uuid, raw_uuid, align, sector_size}]')"
same "undo: ndctl agrees" "devdax fsdax sector" "$(ndctl list -N -r region0 | jq -r '[.. | .mode? // empty] | sort | join(" ")')"
same "undo: the file on fsdax, with DAX" one "$(content -o dax=always "$(node files)")"
same "undo: the file on sector" two "$(content "$(node sectors)")"
same "undo: the file on a label-less region" three "$(content "$(node namespace2.0)")"
same "undo: the bytes on devdax" four "$("$PROGRAMS/daxio" get "$(node memory)" 4)"
same "undo: the journal is root's alone" "700 600" "$(stat -c %a /var/lib/pmemctl/undo) $(stat -c %a /var/lib/pmemctl/undo/1.json)"
same "undo: done is done" undone "$(pmemctl undo list --json | jq -r '[.[] | select(.title | startswith("destroy"))][0].state')"

# Reconfigured in place: what has its data where they were has them again.
check "reconfigure" pmemctl namespace reconfigure files --mode devdax --force --discard-content --yes
same "reconfigure: it is devdax" devdax "$(pmemctl namespace show files --json | jq -r .mode)"
check "reconfigure: undo" pmemctl undo run "$(last)"
same "reconfigure: the file is back" one "$(content -o dax=always "$(node files)")"
check "reconfigure: another size" pmemctl namespace reconfigure sectors --mode fsdax --size 32MiB --force --discard-content --yes
same "reconfigure: it is smaller" 33554432 "$(pmemctl namespace show sectors --json | jq -r .raw_size)"
check "reconfigure: undo of the size" pmemctl undo run "$(last)"
same "reconfigure: it has its size again" 67108864 "$(pmemctl namespace show sectors --json | jq -r .raw_size)"
check "reconfigure: label-less" pmemctl namespace reconfigure namespace2.0 --mode devdax --force --discard-content --yes
check "reconfigure: undo of it" pmemctl undo run "$(last)"
same "reconfigure: the file is back there too" three "$(content "$(node namespace2.0)")"

# Labels.
check "labels: init" pmemctl label init --force --discard-content --yes nmem0
same "labels: all are gone" "[]" "$(pmemctl namespace list --region region0 --json)"
pmemctl namespace create --region region0 --mode raw --size 64MiB --name newer >&2
# To destroy it first would overwrite the info block of what was there: data are never kept.
init=$(pmemctl undo list --json | jq -r '[.[] | select(.title | startswith("initialize"))][0].id')
same "labels: undo would lose what came since" 4 "$(status pmemctl undo run "$init")"
check "labels: undo, where the newer one may go" pmemctl undo run --force "$init"
same "labels: the file is back" one "$(content -o dax=always "$(node files)")"
check "labels: backup" pmemctl label backup all --output /run/backup
same "labels: ndctl reads the same" "$(pmemctl label read nmem0 --json | jq -c '[.[0].label[] | select(.state == "active") | del(.state, .type_guid, .abstraction_guid)]')" \
	"$(ndctl read-labels -j nmem0 2>/dev/null | jq -c --argjson slots "$(pmemctl label read nmem0 --json | jq -c '[.[0].label[] | select(.state == "active") | .slot]')" '[.[0].label[] | select(.slot as $slot | $slots | index($slot)) | del(.type_guid, .abstraction_guid)]')"
check "labels: zero" pmemctl label zero --force --discard-content --yes nmem0
check "labels: restore" pmemctl label restore /run/backup nmem0
same "labels: the file is there once more" one "$(content -o dax=always "$(node files)")"

pmemctl namespace destroy --force --discard-content --yes files sectors memory namespace2.0 >&2
pmemctl namespace enable namespace2.0 >&2
