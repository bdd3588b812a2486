# The memory model and the kernel in lockstep: three processes and an administrator do the same random steps on two files of
# a DAX filesystem on both. After each step it is compared what came of it, who is blocked, and in which state.
. "$VM_TESTS/lib.sh"

steps=$((${COUNT:-30} * 2))
RANDOM=${SEED:-1}
label_all
model=/run/model
profile=$(uname -r | cut -d. -f1,2)
case $profile in 6.1[67]) profile=6.18 ;; esac
sim() { "$PMEMCTL" "$@" --sim "$model"; }
quietly() { "$@" > /dev/null 2>&2; }
pause() { /bin/busybox usleep "$1"; }

quietly "$PMEMCTL" sim create "$model" --dimm 2GiB --kernel "$profile"
quietly pmemctl namespace create --region region0 --name files --mode fsdax --size 256MiB
quietly sim namespace create --name files --mode fsdax --size 256MiB
mkfs.ext4 -q -b 4096 "$(node files)"
mkdir -p /run/a
mount -o dax=always "$(node files)" /run/a
quietly sim sim mount files /run/a --dax always
for file in x y; do
	dd if=/dev/zero of=/run/a/$file bs=64k count=1 conv=fsync 2>/dev/null
	quietly sim sim file create /run/a/$file --size 64KiB
done

declare -A own=() mapped=() pinned=() blocked=()
frozen=no

# start NUMBER: an actor, and its process on the model.
start() {
	rm -f "/run/in$1"
	mkfifo "/run/in$1"
	: > "/run/out$1"
	"$PROGRAMS/actor" < "/run/in$1" >> "/run/out$1" &
	own[$1]=$!
	eval "exec 1$1> /run/in$1"
	ready "/run/out$1"
	: > "/run/out$1"
	mapped[$1]='' pinned[$1]='' blocked[$1]=''
	quietly sim sim process start "actor$1" --pid "1$1"
}
# answer NUMBER TENTHS: what it says within that time; waits if it says nothing.
answer() {
	local said
	for _ in $(seq "$2"); do
		said=$(tail -n 1 "/run/out$1")
		[ -n "$said" ] && break
		pause 100000
	done
	echo "${said:-waits}"
}
# On the kernel: NUMBER WORDS...
kernel() {
	local said
	: > "/run/out$1"
	echo "${*:2}" >&"1$1"
	said=$(answer "$1" 15)
	case $said in done | waits | killed) echo "$said" ;; *) echo refused ;; esac
}
# On the model: COMMAND...
word() {
	local said
	if said=$(sim "$@" 2>&1); then
		case $said in *waits:*) echo waits ;; *) echo "done" ;; esac
	else
		case $said in *SIGBUS*) echo killed ;; *) echo refused ;; esac
	fi
}

# Who is blocked, and how: "11:D 12:S".
kernel_blocked() {
	local number list=''
	for number in 1 2 3 4; do
		[ -n "${blocked[$number]}" ] || continue
		[ -s "/run/out$number" ] && continue
		list="$list 1$number:$(awk '/^State/ { print $2 }' "/proc/${own[$number]}/status")"
	done
	echo "$list"
}
model_blocked() {
	sim sim process list --json | jq -r '[.[] | select(.waits_for != null) | " \(.pid):\(.state)"] | join("")'
}

trail=''
failed=''
declare -A count=()
# step NUMBER VERB MODEL-WORDS -- KERNEL-WORDS
step() {
	local number=$1 verb=$2 expected got who other
	shift 2
	local ours=()
	while [ "$1" != -- ]; do ours+=("$1"); shift; done
	shift
	got=$(kernel "$number" "$@")
	expected=$(word "${ours[@]}")
	trail="$trail${ours[*]} # $got
"
	count[$verb:$got]=$((${count[$verb:$got]:-0} + 1))
	[ "$got" = waits ] && blocked[$number]=yes
	# What was woken takes a moment.
	for _ in 1 2 3 4 5 6 7 8; do
		who=$(kernel_blocked)
		other=$(model_blocked)
		[ "$who" = "$other" ] && break
		pause 300000
	done
	for other_number in 1 2 3 4; do [ -s "/run/out$other_number" ] && blocked[$other_number]=''; done
	last=$got
	[ "$got" = "$expected" ] && [ "$who" = "$other" ] && return
	failed="${ours[*]}: kernel $got, blocked$who; model $expected, blocked$other"
}

pick() { echo "${@:$((RANDOM % $# + 1)):1}"; }

one() {
	local number file offset
	number=$(pick 1 2 3)
	[ -z "${blocked[$number]}" ] || return
	file=/run/a/$(pick x x y)
	offset=$((RANDOM % 8 * 4096))
	case $((RANDOM % 16)) in
	0 | 1)
		[ -z "${mapped[$number]}" ] || return
		step "$number" map sim map "1$number" "$file" -- map "$file"
		mapped[$number]=$file
		;;
	2)
		[ -n "${mapped[$number]}" ] || return
		step "$number" unmap sim unmap "1$number" "${mapped[$number]}" -- unmap
		mapped[$number]=''
		;;
	3 | 4 | 5)
		[ -n "${mapped[$number]}" ] || return
		step "$number" store sim touch "1$number" "${mapped[$number]}" --offset $offset --write -- store $offset
		;;
	6)
		[ -n "${mapped[$number]}" ] || return
		step "$number" load sim touch "1$number" "${mapped[$number]}" --offset $offset -- load $offset
		;;
	7 | 8)
		[ -n "${mapped[$number]}" ] && [ -z "${pinned[$number]}" ] || return
		step "$number" pin sim pin "1$number" "${mapped[$number]}" --offset $offset --length 4KiB --kind vmsplice \
			--number "$number" -- pin $offset
		[ "$last" = "done" ] && pinned[$number]=yes
		;;
	9 | 10)
		[ -n "${pinned[$number]}" ] || return
		step "$number" unpin sim unpin "$number" -- unpin
		pinned[$number]=''
		;;
	11) step "$number" write sim write "1$number" "$file" --offset $offset --length 4KiB -- write "$file" $offset ;;
	12) step "$number" read sim read "1$number" "$file" --offset $offset --length 4KiB -- read "$file" $offset ;;
	13)
		offset=$(pick 32768 65536)
		step "$number" truncate sim truncate "1$number" "$file" --size $((offset / 1024))KiB -- truncate "$file" $offset
		;;
	14) step "$number" fsync sim writeback "1$number" "$file" --sync -- fsync "$file" ;;
	15)
		[ -z "${blocked[4]}" ] || return
		if [ "$frozen" = no ]; then
			step 4 freeze sim freeze /run/a --pid 14 -- freeze /run/a
			frozen=yes
		else
			step 4 thaw sim thaw /run/a -- thaw /run/a
			frozen=no
		fi
		;;
	esac
}

for number in 1 2 3 4; do start $number; done
taken=0
for _ in $(seq $((steps * 4))); do
	[ "$taken" -lt "$steps" ] && [ -z "$failed" ] || break
	before=${#trail}
	one
	[ ${#trail} -gt "$before" ] && taken=$((taken + 1))
	# When all processes wait, the pins are released, and what is frozen is thawed.
	for number in 1 2 3; do
		if [ -n "${blocked[1]}${blocked[2]}${blocked[3]}" ] && [ -z "${blocked[$number]}" ] &&
			[ -n "${pinned[$number]}" ] && [ $((RANDOM % 3)) = 0 ] && [ -z "$failed" ]; then
			step "$number" unpin sim unpin "$number" -- unpin
			pinned[$number]=''
		fi
	done
	if [ "$frozen" = yes ] && [ -z "${blocked[4]}" ] && [ -n "${blocked[1]}${blocked[2]}${blocked[3]}" ] && [ -z "$failed" ]; then
		step 4 thaw sim thaw /run/a -- thaw /run/a
		frozen=no
	fi
	[ -n "${blocked[1]}" ] && [ -n "${blocked[2]}" ] && [ -n "${blocked[3]}" ] && break
done
for key in "${!count[@]}"; do echo "# $key ${count[$key]}"; done | sort
if [ -z "$failed" ]; then ok "seed ${SEED:-1}: $taken steps, no difference"; else
	not_ok "seed ${SEED:-1}: $failed"
	printf '%s' "$trail" | sed 's/^/# /'
fi

# Blocked processes continue, and no process, mount or namespace is left to later scenarios.
for number in 1 2 3 4; do
	kill -9 "${own[$number]}" 2>/dev/null
	eval "exec 1$number>&-"
done
for number in 1 2 3 4; do
	for _ in $(seq 100); do
		[ -e "/proc/${own[$number]}" ] || break
		# A freeze that waited for one of them is complete only now.
		fsfreeze --unfreeze /run/a 2>/dev/null
		pause 100000
	done
	[ ! -e "/proc/${own[$number]}" ] || not_ok "actor $number does not end: $(cat "/proc/${own[$number]}/wchan")"
done
fsfreeze --unfreeze /run/a 2>/dev/null
umount /run/a
check "and no user is left" pmemctl namespace destroy --force --discard-content --yes files
