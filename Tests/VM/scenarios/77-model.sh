# The memory model against the kernel: the same is done on both, and the same comes of it.
. "$VM_TESTS/lib.sh"

label_all
model=/run/model
# The profile that has this kernel's rules.
profile=$(uname -r | cut -d. -f1,2)
case $profile in 6.1[67]) profile=6.18 ;; esac
sim() { "$PMEMCTL" "$@" --sim "$model"; }
quietly() { "$@" > /dev/null 2>&2; }

quietly "$PMEMCTL" sim create "$model" --dimm 2GiB --kernel "$profile"

# create NAME OPTIONS...: a namespace on both.
create() {
	quietly pmemctl namespace create --region region0 --name "$@"
	quietly sim namespace create --name "$@"
}
# model NAME: what the device is called on the simulated machine.
model_node() { sim namespace show "$1" --json | jq -r '.blockdev // .daxregion.devices[0].chardev'; }
# word COMMAND...: of the model: done, waits, killed or refused.
word() {
	local said
	if said=$(sim "$@" 2>&1); then
		case $said in *waits:*) echo waits ;; *) echo "done" ;; esac
	else
		echo "$said" >&2
		case $said in *SIGBUS*) echo killed ;; *) echo refused ;; esac
	fi
}
per_page='.[] | .page_size as $size | .pins as $pins | .references as $references |
	range(.offset; .offset + .length; $size) | "\(.) \($pins) \($references)"'
pins() { pmemctl pin list "$1" --json | jq -r "$per_page"; }
model_pins() { sim pin list "$1" --json | jq -r "$per_page"; }
until_free() { for _ in $(seq 100); do [ "$(pins "$1")" = "" ] && return; /bin/busybox usleep 100000; done; false; }

# --- pins, page for page

for align in 4KiB 2MiB; do
	create "dev$align" --mode devdax --size 256MiB --align "$align"
	quietly sim sim process start pinner --pid 7
	quietly sim sim map 7 "$(model_node "dev$align")"
	for how in io_uring vmsplice; do
		length=$((8 << 20))
		[ "$how" = io_uring ] || length=65536
		if hold pinner "$how" "$(node "dev$align")" $((8 << 20)); then kernel=pinned; else kernel=refused; fi
		same "$align, $how: whether it can be" "$kernel" \
			"$(word sim pin 7 "$(model_node "dev$align")" --length "$length" --kind "$how" --number 1 | sed 's/done/pinned/')"
		if [ "$kernel" = pinned ]; then
			same "$align, $how: every page's counters" "$(pins "dev$align")" "$(model_pins "dev$align")"
			let_go
			check "$align, $how: let go" until_free "dev$align"
			quietly sim sim unpin 1
			same "$align, $how: and on the model" "" "$(model_pins "dev$align")"
		fi
	done
	quietly sim sim process stop 7
done

# --- a device that goes

hold storer "$(node dev2MiB)"
quietly sim sim process start storer --pid 8
quietly sim sim process start admin --pid 9
quietly sim sim map 8 "$(model_node dev2MiB)"
quietly sim sim touch 8 "$(model_node dev2MiB)" --write
ndctl disable-namespace "$(kernel_name dev2MiB)" >&2
same "taking a mapped device away: done" "$(is_enabled "$(kernel_name dev2MiB)" && echo waits || echo "done")" \
	"$(word sim unbind 9 "$(sim namespace show dev2MiB --json | jq -r .dev)")"
if killed_by_sigbus; then kernel=killed; else kernel=lives; fi
same "and the next access is the end" "$kernel" \
	"$(word sim touch 8 "$(sim namespace show dev2MiB --json | jq -r .dev)" --write)"

# --- files: pins and truncate

create files --mode fsdax --size 256MiB
node=$(node files)
mkfs.ext4 -q -b 4096 "$node"
mkdir -p /run/a && mount -o dax=always "$node" /run/a
quietly sim sim mount "$(model_node files)" /run/a --dax always
quietly sim sim process start truncate --pid 20

# file NAME: of 8 MiB on both.
file() {
	dd if=/dev/zero of="/run/a/$1" bs=1M count=8 2>/dev/null
	quietly sim sim file create "/run/a/$1" --size 8MiB
}
file long
quietly sim sim process start ring --pid 21
quietly sim sim map 21 /run/a/long
if hold pinner io_uring /run/a/long 65536; then kernel="done"; else kernel=refused; fi
same "a pin for long on a file" "$kernel" "$(word sim pin 21 /run/a/long --length 64KiB --kind io_uring)"
let_go

# truncate_under WHAT NAME: a file of which pages are in a pipe.
truncate_under() {
	hold pinner vmsplice "/run/a/$2" 65536
	quietly sim sim process start pipe --pid 22
	quietly sim sim map 22 "/run/a/$2"
	quietly sim sim pin 22 "/run/a/$2" --length 64KiB --kind vmsplice --number 2
	quietly sim sim unmap 22 "/run/a/$2"
	if timeout 3 truncate -s 0 "/run/a/$2"; then kernel="done"; else kernel=waits; fi
	same "truncate of a file with pages in a pipe, $1" "$kernel" "$(word sim truncate 20 "/run/a/$2" --size 0)"
	let_go
	quietly sim sim unpin 2
	quietly sim sim process stop 22
	check "$1: nothing is held any more" until_free files
	same "$1: no process waits any more" '[null]' "$(sim sim process list --json | jq -c '[.[].waits_for] | unique')"
	same "$1: and it is empty now" 0 \
		"$(sim sim file list --json | jq --arg name "/run/a/$2" '.[] | select(.path == $name) | .size')"
}
file unmapped
truncate_under "that no process maps" unmapped
file mapped
"$PROGRAMS/storer" /run/a/mapped > /run/mapper.out &
mapper=$!
ready /run/mapper.out
quietly sim sim process start mapper --pid 23
quietly sim sim map 23 /run/a/mapped
truncate_under "that a process maps" mapped
kill "$mapper"
wait "$mapper" 2>/dev/null
quietly sim sim process stop 23

file removed
hold pinner vmsplice /run/a/removed 65536
quietly sim sim process start pipe --pid 22
quietly sim sim map 22 /run/a/removed
quietly sim sim pin 22 /run/a/removed --length 64KiB --kind vmsplice --number 3
quietly sim sim unmap 22 /run/a/removed
quietly sim sim process start rm --pid 24
rm /run/a/removed &
remover=$!
/bin/busybox usleep 3000000
if kill -0 "$remover" 2>/dev/null; then kernel=waits; else kernel="done"; fi
same "rm of a file with pages in a pipe" "$kernel" "$(word sim file remove /run/a/removed --pid 24)"
if [ "$kernel" = waits ]; then
	kill -9 "$remover"
	/bin/busybox usleep 500000
	kill -0 "$remover" 2>/dev/null && kernel=refused || kernel="done"
	same "and whether it can be killed" "$kernel" "$(word sim process stop 24)"
fi
let_go
wait "$remover" 2>/dev/null
quietly sim sim unpin 3
same "rm: no process waits any more" '[null]' "$(sim sim process list --json | jq -c '[.[].waits_for] | unique')"
quietly sim sim process stop 22

# --- freezing

# answered WORD: what the storer said within some seconds.
answered() { for _ in $(seq 60); do grep -q "$1" /run/holder.out && return; /bin/busybox usleep 50000; done; false; }

# freeze WHAT DIRECTORY
freeze() {
	dd if=/dev/zero of="$2/stored" bs=1M count=8 2>/dev/null
	quietly sim sim file create "$2/stored" --size 8MiB
	hold storer "$2/stored"
	quietly sim sim process start storer --pid 30
	quietly sim sim map 30 "$2/stored"
	quietly sim sim touch 30 "$2/stored" --write
	fsfreeze -f "$2"
	quietly sim sim freeze "$2"
	kill -USR2 "$holder"
	if answered loaded; then kernel="done"; else kernel=waits; fi
	same "$1, frozen: a load" "$kernel" "$(word sim touch 30 "$2/stored")"
	kill -USR1 "$holder"
	if answered stored; then kernel="done"; else kernel=waits; fi
	same "$1, frozen: a store to what was mapped and stored to" "$kernel" "$(word sim touch 30 "$2/stored" --write)"
	truncate -s 4M "$2/stored" &
	cutter=$!
	/bin/busybox usleep 1000000
	if kill -0 "$cutter" 2>/dev/null; then kernel=waits; else kernel="done"; fi
	same "$1, frozen: truncate" "$kernel" "$(word sim truncate 20 "$2/stored" --size 4MiB)"
	fsfreeze -u "$2"
	wait "$cutter"
	said=$(sim sim thaw "$2" --json | jq -c '[.stores, .woken]')
	if answered stored; then kernel='[0,[30,20]]'; else kernel=stuck; fi
	same "$1, thawed: both go on, and nothing was stored meanwhile" "$kernel" "$said"
	let_go
	quietly sim sim process stop 30
}
freeze ext4 /run/a
create xfs --mode fsdax --size 512MiB
mkfs.xfs -q -f -m reflink=0 "$(node xfs)"
mkdir -p /run/x && mount -o dax=always "$(node xfs)" /run/x
quietly sim sim mount "$(model_node xfs)" /run/x --type xfs --dax always
freeze xfs /run/x
umount /run/x
quietly sim sim umount /run/x

# A queue that is stopped stops no store.
echo "0 $(blockdev --getsz "$(node xfs)") linear $(node xfs) 0" | dmsetup create --noudevsync stacked
mknod /dev/stacked b "$(dmsetup info -c --noheadings -o major stacked)" "$(dmsetup info -c --noheadings -o minor stacked)"
quietly sim sim stack create stacked "$(model_node xfs)"
mkfs.xfs -q -f -m reflink=0 /dev/stacked
mount -o dax=always /dev/stacked /run/x
quietly sim sim mount stacked /run/x --type xfs --dax always
dd if=/dev/zero of=/run/x/stored bs=1M count=8 2>/dev/null
quietly sim sim file create /run/x/stored --size 8MiB
hold storer /run/x/stored
quietly sim sim process start storer --pid 31
quietly sim sim map 31 /run/x/stored
quietly sim sim touch 31 /run/x/stored --write
dmsetup suspend --nolockfs --noudevsync stacked
quietly sim sim freeze stacked
kill -USR1 "$holder"
if answered stored; then kernel="done"; else kernel=waits; fi
same "a queue that is stopped: a store to what was mapped" "$kernel" "$(word sim touch 31 /run/x/stored --write)"
dmsetup resume --noudevsync stacked
same "and the model counted it" '[1,[]]' "$(sim sim thaw stacked --json | jq -c '[.stores, .woken]')"
let_go
umount /run/x
dmsetup remove --noudevsync stacked
rm -f /dev/stacked

umount /run/a
for name in dev4KiB files xfs; do quietly pmemctl namespace destroy --force --discard-content --yes "$name"; done
