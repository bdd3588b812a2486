# Seeded command lines of ndctl and daxctl: over commands, selectors, options and words that have no meaning. A scenario
# sources this; $RANDOM is bash's, which a seed makes repeatable.

# one_of WORD...: one of them, in $drawn.
one_of() {
	local index=$((RANDOM % $#))
	shift "$index"
	drawn=$1
}

# maybe PERCENT WORDS...: the words, one of the time.
maybe() {
	local percent=$1
	shift
	[ $((RANDOM % 100)) -ge "$percent" ] || line+=" $*"
}

draw_bus() { one_of ACPI.NFIT ACPI.NFIT e820 ndbus0 ndbus1 0 1 all nosuch "'ACPI.NFIT e820'"; }
draw_region() { one_of region0 region1 region2 region3 0 1 2 0x1 all region9 'region'; }
draw_dimm() { one_of nmem0 nmem1 nmem2 0 1 all nmem9; }
draw_listed() { one_of namespace0.0 namespace0.1 namespace1.0 0.0 0.1 1.0 2.0 all namespace9.0 x; }
draw_namespace() { one_of namespace0.0 namespace0.1 namespace0.2 namespace0.3 namespace1.0 namespace1.1 all all namespace9.0 0.1; }
draw_device() { one_of dax0.1 dax1.0 dax0.0 0.1 all dax9.0 /dev/dax0.1; }

draw_list() {
	line='ndctl list'
	local flags='' flag
	for flag in B D R N i c u X M C F v; do
		[ $((RANDOM % 100)) -ge 18 ] || flags+=$flag
	done
	[ -z "$flags" ] || line+=" -$flags"
	draw_bus && maybe 15 -b "$drawn"
	draw_region && maybe 20 -r "$drawn"
	draw_dimm && maybe 15 "--dimm=$drawn"
	draw_listed && maybe 15 -n "$drawn"
	one_of fsdax devdax sector raw memory dax safe FSDAX wrong && maybe 12 -m "$drawn"
	one_of pmem pmem blk wrong && maybe 8 -t "$drawn"
	one_of 0 0 1 all x -1 && maybe 8 -U "$drawn"
	one_of --idle --human --namespaces --regions --buses --dimms --device-dax --no-idle --hum --nam --conf --reg -vv -vvv --health && maybe 20 "$drawn"
}

draw_daxctl_list() {
	line='daxctl list'
	local flag
	for flag in D R M i u; do maybe 30 "-$flag"; done
	one_of 0 1 region0 region1 all 9 && maybe 20 -r "$drawn"
	draw_device && maybe 25 -d "$drawn"
}

draw_create() {
	line='ndctl create-namespace'
	one_of fsdax devdax sector raw memory dax safe wrong && maybe 75 -m "$drawn"
	one_of region0 region1 region2 region3 0 all region9 && maybe 60 -r "$drawn"
	one_of 16M 32M 64M 128M 128m 0x4000000 100M 33554432 8M 5000G 16MiB 1G && maybe 85 -s "$drawn"
	one_of 4k 2M 2m 1g 16M 3000 && maybe 20 -a "$drawn"
	one_of mem dev dev wrong && maybe 20 -M "$drawn"
	one_of 512 4096 4K 520 1234 && maybe 15 -l "$drawn"
	one_of db cache 'a-name-that-is-much-longer-than-the-sixty-three-bytes-that-labels-hold' && maybe 20 -n "$drawn"
	one_of 0a0b0c0d-1111-2222-3333-444455556666 not-a-uuid && maybe 8 -u "$drawn"
	maybe 8 -t pmem
	maybe 5 --no-autolabel
	maybe 5 -c
	maybe 3 extra
}

# Not the region's next device: ndctl leaves a UUID on it then.
draw_reconfigure() {
	one_of namespace0.0 namespace0.1 namespace0.2 namespace1.0 namespace2.0 namespace3.0 all namespace9.0 0.1
	line="ndctl create-namespace -e $drawn --no-autolabel"
	maybe 80 -f
	one_of fsdax devdax sector raw wrong && maybe 75 -m "$drawn"
	one_of mem dev && maybe 20 -M "$drawn"
	one_of 4k 2M 1G && maybe 15 -a "$drawn"
	one_of again twice && maybe 20 -n "$drawn"
}

draw_state() {
	one_of disable-namespace disable-namespace enable-namespace enable-namespace destroy-namespace check-namespace clear-errors
	line="ndctl $drawn"
	draw_namespace && maybe 95 "$drawn"
	draw_region && maybe 15 -r "$drawn"
	draw_bus && maybe 10 -b "$drawn"
	case $line in
	*destroy*) maybe 60 -f ;;
	*check*) one_of -f -fR -L '-R -f --rewrite-log' && maybe 50 "$drawn" ;;
	esac
	maybe 3 extra
}

draw_region_state() {
	one_of enable-region enable-region disable-region
	line="ndctl $drawn"
	draw_region && maybe 95 "$drawn"
	draw_bus && maybe 10 -b "$drawn"
	one_of pmem blk wrong && maybe 10 -t "$drawn"
}

draw_dimms() {
	one_of enable-dimm disable-dimm check-labels check-labels read-labels init-labels zero-labels freeze-security wait-overwrite
	line="ndctl $drawn"
	draw_dimm && maybe 95 "$drawn"
	draw_dimm && maybe 20 "$drawn"
	draw_bus && maybe 10 -b "$drawn"
	case $line in
	*read-labels*) one_of '-j -I' '-u --index' -I '-s 1024' '-j -s 8' && line+=" $drawn" ;;
	*init-labels*) one_of 1.1 1.2 v1.2 2.0 && maybe 50 -V "$drawn" ;;
	esac
}

draw_info_block() {
	draw_namespace
	one_of "read-infoblock $drawn -j" "read-infoblock $drawn -u" "read-infoblock $drawn -jV" "write-infoblock $drawn" \
		'write-infoblock -c -s 64M' 'write-infoblock -c' 'read-infoblock -i /etc/passwd -j' "read-infoblock $drawn -i x"
	line="ndctl $drawn"
}

draw_device_change() {
	one_of disable-device enable-device online-memory offline-memory reconfigure-device destroy-device create-device
	line="daxctl $drawn"
	case $line in *create*) ;; *) draw_device && maybe 95 "$drawn" ;; esac
	case $line in
	*reconfigure*) one_of '-m devdax' '-m devdax' '-m wrong' '-m devdax -N' '' '-C' && line+=" $drawn" ;;
	*destroy*) ;;
	*create*) one_of '' '-r 0' '-s 16M' && line+=" $drawn" ;;
	esac
	maybe 3 extra
}

draw_odd() {
	one_of 'ndctl --version' 'daxctl version' 'ndctl --list-cmds' 'daxctl --list-cmds' 'ndctl -v' 'ndctl nosuch' 'ndctl' 'daxctl nosuch' \
		'ndctl --nosuch' 'ndctl list --nosuch' 'ndctl list -Z' 'ndctl list extra' 'ndctl list -b' 'ndctl list -h' 'ndctl list -idle' \
		'ndctl list --list-opts' 'ndctl create-namespace --list-opts' 'daxctl reconfigure-device --list-opts' \
		'ndctl setup-passphrase --list-opts' 'ndctl inject-smart --list-opts' 'ndctl monitor --list-opts' \
		'ndctl start-scrub' 'ndctl wait-scrub' 'ndctl start-scrub nosuch' 'ndctl wait-scrub e820' 'ndctl activate-firmware' \
		'ndctl inject-error namespace0.0' 'ndctl inject-error namespace9.0 -B 1 -n 1' 'ndctl inject-error namespace0.0 -t -d' \
		'ndctl inject-error namespace0.0 -B 1 -n 1' 'ndctl inject-smart nmem0' 'ndctl inject-smart nmem9 -f' 'ndctl inject-smart nmem0 -f' \
		'ndctl update-firmware nmem0' 'ndctl update-firmware nmem0 -A' 'ndctl setup-passphrase nmem0 -k x' \
		'ndctl remove-passphrase all' 'ndctl sanitize-dimm nmem0' 'ndctl update-passphrase nmem9 -k x' 'ndctl read-labels wrong' \
		'ndctl monitor' 'ndctl monitor -d nmem9' 'ndctl monitor -D wrong' 'ndctl monitor -c /nothing/here' 'ndctl monitor -b e820 extra' \
		'ndctl inject-smart nmem0 -M 30' 'ndctl inject-smart nmem1 --spares-alarm=off' 'ndctl load-keys -p /nothing'
	line=$drawn
}

# draw_line: the next one, in $line.
draw_line() {
	case $((RANDOM % 100)) in
	? | 1? | 2? | 30 | 31) draw_list ;;
	3?) draw_daxctl_list ;;
	4? | 50 | 51) draw_create ;;
	5?) draw_reconfigure ;;
	6? | 70 | 71 | 72 | 73) draw_state ;;
	74 | 75 | 76) draw_region_state ;;
	7? | 80 | 81 | 82) draw_dimms ;;
	83 | 84 | 85 | 86) draw_info_block ;;
	87 | 88 | 89) draw_device_change ;;
	*) draw_odd ;;
	esac
}
