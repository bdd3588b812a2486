# The dangers of today's tools: what ndctl does in each, and that pmemctl refuses, says why, and changes nothing.
. "$VM_TESTS/lib.sh"

# Everything that a refusal must leave alone: labels, info blocks of what is disabled, devices.
fingerprint() {
	{
		ndctl read-labels -o - nmem0
		ndctl read-labels -o - nmem1
		pmemctl status --json --idle
		pmemctl infoblock read --json
	} 2> /dev/null | sha256sum
}

# spared WHAT WHOM STATUS ARGUMENT...: pmemctl says no with STATUS, names WHOM, and changes nothing.
spared() {
	local what=$1 whom=$2 expected=$3 before said status
	shift 3
	before=$(fingerprint)
	said=$(pmemctl "$@" 2>&1)
	status=$?
	same "$what: pmemctl refuses" "$expected" "$status"
	case $said in *"$whom"*) ok "$what: and names $whom" ;; *) not_ok "$what: and names $whom, not: $said" ;; esac
	same "$what: and changes nothing" "$before" "$(fingerprint)"
}

# formatted DEVICE TEXT: a filesystem with a file in it.
formatted() {
	mkfs.ext4 -q -F -L precious "$1" >&2 && mkdir -p /run/formatted && mount "$1" /run/formatted \
		&& echo "$2" > /run/formatted/file && umount /run/formatted
}
# content DEVICE: what is in the file.
content() { mount "$1" /run/formatted 2>/dev/null && cat /run/formatted/file && umount /run/formatted; }

label_all

# 4.12, 5.10: a label-less namespace that is disabled is overwritten without a question.
pmemctl namespace create --region region2 --mode fsdax --force >&2
formatted /dev/pmem2 one
ndctl disable-namespace namespace2.0 >&2
same "label-less: ndctl makes another of it" 0 "$(status ndctl create-namespace -r region2 -m sector)"
same "label-less: and the filesystem is gone" "" "$(content /dev/pmem2s)"
pmemctl namespace reconfigure namespace2.0 --mode fsdax --force >&2
formatted /dev/pmem2 two
pmemctl namespace disable namespace2.0 >&2
spared "label-less, disabled" 'ext4 filesystem "precious"' 4 namespace create --region region2 --mode sector --force
spared "label-less, destroyed" 'ext4 filesystem "precious"' 4 namespace destroy --force namespace2.0
pmemctl namespace enable namespace2.0 >&2
same "label-less: the file is intact" two "$(content /dev/pmem2)"

# 4.10, 4.11: a filesystem that is not mounted is lost without a question, enabled (-f) or disabled.
pmemctl namespace create --region region0 --mode fsdax --size 128MiB --name files >&2
formatted /dev/pmem0 three
ndctl disable-namespace namespace0.0 >&2
same "disabled: ndctl destroys it" 0 "$(status ndctl destroy-namespace namespace0.0)"
same "disabled: it is gone" "" "$(ndctl list -N -i -r region0 | jq -r '(if type == "array" then . else [.] end)[] | select(.name == "files" and .size > 0) | .dev')"
pmemctl namespace create --region region0 --mode fsdax --size 128MiB --name files >&2
formatted /dev/pmem0 four
spared "enabled, not mounted" 'ext4 filesystem "precious"' 4 namespace destroy --force files
spared "enabled, to be reconfigured" 'ext4 filesystem "precious"' 4 namespace reconfigure --force files --mode devdax
pmemctl namespace disable files >&2
spared "disabled, to be destroyed" 'ext4 filesystem "precious"' 4 namespace destroy files
spared "disabled, to be reconfigured" 'ext4 filesystem "precious"' 4 namespace reconfigure files --mode sector
spared "no terminal to ask on" '--yes confirms it' 4 namespace destroy --discard-content files
same "disabled: what it is, is shown" "fsdax 2097152" "$(pmemctl namespace show files --json | jq -r '"\(.mode) \(.align)"')"
pmemctl namespace enable files >&2
same "the file is intact" four "$(content /dev/pmem0)"

# Content of other kinds: a partition table on a sector namespace, LVM on raw, a filesystem of a guest on devdax.
pmemctl namespace create --region region0 --mode sector --size 64MiB --name table >&2
pmemctl namespace create --region region0 --mode raw --size 64MiB --name volume >&2
pmemctl namespace create --region region0 --mode devdax --size 64MiB --name guest >&2
echo 'start=2048, size=8192' | sfdisk -q "$(node table)" >&2
mkswap "$(node volume)" >&2
mkfs.ext4 -q -L inside /run/inside.img 16M >&2
"$PROGRAMS/daxio" put /run/inside.img "$(node guest)" >&2
spared "partition table" 'dos partition table' 4 namespace destroy --force table
spared "swap area" 'swap' 4 namespace destroy --force volume
spared "filesystem in devdax" 'ext4 filesystem "inside"' 4 namespace destroy --force guest
pmemctl namespace disable table volume guest >&2
spared "partition table, disabled" 'dos partition table' 4 namespace destroy table
spared "swap area, disabled" 'swap' 4 namespace destroy volume
spared "filesystem in devdax, disabled" 'ext4 filesystem "inside"' 4 namespace destroy guest
spared "several, of which one holds nothing" 'ext4 filesystem "inside"' 4 namespace destroy table volume guest
pmemctl namespace destroy --discard-content --yes table volume guest >&2

# 4.9: a region with one namespace in use: ndctl disables the others, and calls it success.
pmemctl namespace create --region region0 --mode raw --size 64MiB --name other >&2
mount /dev/pmem0 /run/formatted
same "region in use: ndctl says that no problems found" 0 "$(status ndctl disable-region region0)"
same "region in use: and has disabled what it met" disabled "$(ndctl list -N -i -n "$(kernel_name other)" | jq -r '(if type == "array" then .[0] else . end).state')"
ndctl enable-namespace "$(kernel_name other)" >&2
spared "region in use" /run/formatted 4 region disable region0
spared "DIMM in use" /run/formatted 4 dimm disable nmem0
spared "labels in use: init" /run/formatted 4 label init --force nmem0
spared "labels in use: zero" /run/formatted 4 label zero --force nmem0
umount /run/formatted

# 4.13: labels with namespaces.
spared "labels with content" 'ext4 filesystem "precious"' 4 label init --force nmem0
spared "labels with content, zeroed" 'ext4 filesystem "precious"' 4 label zero --force nmem0
ndctl read-labels -o /run/labels nmem0 >&2
head -c 1000 /run/labels > /run/short
dd if=/dev/urandom of=/run/noise bs=1024 count=128 status=none
spared "labels cut short" '131072 bytes' 65 label write nmem0 --input /run/short --force
spared "labels of noise" 'index block' 65 label write nmem0 --input /run/noise

# 4.17, 5.11: a namespace that another tool left half-configured blocks further creation; doctor reports it.
seed=$(cat /sys/bus/nd/devices/region1/namespace_seed)
half_done() { cat /proc/sys/kernel/random/uuid > "/sys/bus/nd/devices/$seed/uuid"; }
half_done
same "half done: the doctor sees it" "$seed" "$(pmemctl doctor --json 2> /dev/null | jq -r '.[] | select(.fix != []) | .subject')"
same "half done: and looks only" 1 "$(status pmemctl doctor)"
same "half done: ndctl cannot create" no "$(ndctl create-namespace -r region1 -s 64M >&2 && echo yes || echo no)"
half_done
check "half done: the doctor fixes it" pmemctl doctor --fix
same "half done: ndctl can again" 0 "$(status ndctl create-namespace -r region1 -s 64M)"
pmemctl namespace destroy --force --region region1 all >&2

# 4.15: another name, without a touch.
check "rename" pmemctl namespace rename files renamed
same "rename: ndctl sees it" renamed "$(ndctl list -N -n "$(kernel_name renamed)" | jq -r '(if type == "array" then .[0] else . end).name')"
same "rename: the file is intact" four "$(content /dev/pmem0)"
mount /dev/pmem0 /run/formatted
spared "rename of what is mounted" /run/formatted 4 namespace rename renamed again
umount /run/formatted

# 4.14: ndctl rewrites labels if it is asked for another mode; pmemctl leaves them.
ndctl disable-region region1 >&2
ndctl zero-labels nmem1 >&2
ndctl disable-dimm nmem1 >&2 && ndctl enable-dimm nmem1 >&2
ndctl enable-region region1 >&2

# 5.7, 5.8: exit codes.
same "exit codes: a name that is not there" 3 "$(status pmemctl namespace destroy nosuch)"
same "exit codes: one of two is not there, none is destroyed" 3 "$(status pmemctl namespace destroy --force renamed nosuch)"
same "exit codes: it is still there" renamed "$(pmemctl namespace show renamed --json | jq -r .name)"

# 5.1: the kernel's own reason.
said=$(pmemctl namespace create --region region0 --mode fsdax --align 1GiB --size 1GiB 2>&1)
case $said in *"nothing would be usable"*) ok "a plan knows before the kernel does" ;; *) not_ok "a plan knows: $said" ;; esac
check "all are destroyed" pmemctl namespace destroy --force --discard-content --yes --region region0 all
label_all
