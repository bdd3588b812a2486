# Labels that are lost, by accidents that people have, come back from the media on the kernel: namespaces with their UUIDs, and
# every file in them.
. "$VM_TESTS/lib.sh"

region=region0 dimm=nmem0
# What others left there would be found again.
label_all
pmemctl namespace create --region $region --mode raw --name whole >&2
dd if=/dev/zero of="$(node whole)" bs=4M status=none conv=fsync 2> /dev/null
pmemctl namespace destroy --force --discard-content --yes whole >&2
label_all

names='ext4 xfs pattern table plain'
pmemctl namespace create --region $region --size 128MiB --name ext4 >&2
pmemctl namespace create --region $region --size 320MiB --name xfs >&2
pmemctl namespace create --region $region --mode devdax --size 64MiB --name pattern >&2
pmemctl namespace create --region $region --mode sector --size 128MiB --name table >&2
pmemctl namespace create --region $region --mode raw --size 112MiB --name plain >&2
mkfs.xfs -q -f "$(node xfs)" >&2
for name in ext4 table plain; do mkfs.ext4 -q "$(node $name)" >&2; done
for name in ext4 xfs table plain; do
	mount "$(node $name)" /mnt && head -c 1000000 /dev/urandom > /mnt/file && sha256sum < /mnt/file > "/run/$name.sum"
	umount /mnt
done
head -c 20000000 /dev/urandom > /run/pattern
"$PROGRAMS/daxio" put /run/pattern "$(node pattern)" >&2
sha256sum < /run/pattern > /run/pattern.sum
pmemctl namespace list --json > /run/before
# identity FILE: what has to be the same before and after: all but names, and the UUID of a raw namespace.
identity() {
	jq -c "[.[] | select(.region == \"region0\") | if .mode == \"raw\" then del(.uuid) else . end |
		[.mode, .uuid, .raw_uuid, .raw_size, .resource, .align, .sector_size]] | sort_by(.[4])" "$1"
}
ext4=$(blkid -o value -s UUID "$(node ext4)")

# The n-th namespace of the region by address.
place() { pmemctl namespace list --json | jq -r --arg region $region "[.[] | select(.region == \$region)] | sort_by(.resource)[$1].dev"; }
# files WHAT: each is there.
files() {
	local index=0 name dev
	for name in $names; do
		dev=$(place $index)
		index=$((index + 1))
		case $name in
		pattern) same "$1: the pattern" "$(cat /run/pattern.sum)" "$("$PROGRAMS/daxio" get "$(node "$dev")" 20000000 | sha256sum)" ;;
		*)
			mount "$(node "$dev")" /mnt
			same "$1: the file on $name" "$(cat "/run/$name.sum")" "$(sha256sum < /mnt/file)"
			umount /mnt
			;;
		esac
	done
}
recovered() {
	local now
	now=$(pmemctl namespace list --json | jq -r --arg region $region '[.[] | select(.region == $region)] | length')
	same "$1: five namespaces" 5 "$now"
	pmemctl namespace list --json > /run/after
	same "$1: they are what they were" "$(identity /run/before)" "$(identity /run/after)"
	files "$1"
	same "$1: doctor" 'no problems found' "$(pmemctl doctor)"
}
# As after a boot: the modules forget that there were labels.
reload() {
	pmemctl region disable all >&2
	modprobe -r nfit nd_pmem nd_btt dax_pmem >&2 2>&1
	modprobe nfit && modprobe nd_pmem && modprobe dax_pmem
	/bin/busybox usleep 1000000
}
zero() {
	ndctl disable-region $region >&2
	ndctl zero-labels $dimm >&2
}

zero
reload
same 'after a boot all is one raw namespace' raw "$(pmemctl namespace list --json namespace0.0 | jq -r '.[0].mode')"
case $(pmemctl doctor) in *"$region: its labels are lost"*"try: pmemctl label recover $dimm"*) ok 'doctor knows the way' ;; *) not_ok 'doctor knows the way' ;; esac
check 'zeroed labels, after a boot' pmemctl label recover $dimm --yes
reload
recovered 'zeroed labels, after a boot'

# Before a boot the kernel keeps the region divided.
zero
ndctl enable-region $region >&2
check 'zeroed labels, before a boot' pmemctl label recover $dimm --yes
recovered 'zeroed labels, before a boot'

# ndctl's habit: version 1.1, over labels that were in use.
ndctl disable-region $region >&2
ndctl init-labels -f $dimm >&2
ndctl enable-region $region >&2
said=$(pmemctl label recover $dimm --yes 2>&1)
case $said in
*recovered*) ok 'labels of version 1.1 in their place' ;;
*'pmemctl label repair'*) check 'labels of version 1.1 in their place: repaired' pmemctl label repair $dimm --yes ;;
*) not_ok "labels of version 1.1 in their place: $said" ;;
esac
recovered 'labels of version 1.1 in their place'

# One info block is lost too: its filesystem is offered, and not taken without being named.
first=$(place 0)
pmemctl namespace disable "$first" >&2
echo 1 > "/sys/bus/nd/devices/$first/force_raw"
ndctl enable-namespace "$first" >&2
dd if=/dev/zero of="$(node "$first")" bs=4096 seek=1 count=1 conv=notrunc status=none
ndctl disable-namespace "$first" >&2
echo 0 > "/sys/bus/nd/devices/$first/force_raw"
zero
reload
said=$(pmemctl label recover $dimm --yes 2>&1)
same 'a lost info block: it is refused' 4 "$?"
case $said in *"$ext4: raw,"*'info block is lost'*) ok 'a lost info block: it is offered' ;; *) not_ok "a lost info block: it is offered: $said" ;; esac
command=$(sed -n 's/^ *try: pmemctl //p' <<< "$said" | head -n 1)
# shellcheck disable=SC2086
check 'a lost info block: those that are certain' pmemctl $command --namespace "$ext4" --yes
mount "$(node "$(place 0)")" /mnt
same 'a lost info block: the file' "$(cat /run/ext4.sum)" "$(sha256sum < /mnt/file)"
umount /mnt

# Another generation over them: nothing older is taken without being named.
zero
ndctl init-labels -f -V 1.2 $dimm >&2
ndctl enable-region $region >&2
ndctl create-namespace -r $region -m fsdax -s 512M -n later >&2
later=$(pmemctl namespace list --json later | jq -r '.[0].raw_uuid')
mkfs.ext4 -q "$(node later)" >&2 && mount "$(node later)" /mnt && head -c 1000000 /dev/urandom > /mnt/file &&
	sha256sum < /mnt/file > /run/later.sum && umount /mnt
zero
reload
said=$(pmemctl label recover $dimm --yes 2>&1)
same 'two generations: it is refused' 4 "$?"
case $said in *"$later"*'overlaps another'*) ok 'two generations: both are offered' ;; *) not_ok "two generations: both are offered: $said" ;; esac
same 'two generations: nothing was written' raw "$(pmemctl namespace list --json namespace0.0 | jq -r '.[0].mode')"
check 'two generations: the one that is named' pmemctl label recover $dimm --yes --namespace "$later"
mount "$(node "$(place 0)")" /mnt
same 'two generations: its file' "$(cat /run/later.sum)" "$(sha256sum < /mnt/file)"
umount /mnt
label_all
