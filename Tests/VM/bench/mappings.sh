# Who maps this, among 1,000 processes with 500 mappings each: pmemctl by each of its ways, beside lsof, fuser, and a plain
# read of all; and one process with 100,000 mappings of persistent memory.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/../bench-lib.sh"

label_all
pmemctl namespace create --region region0 --mode fsdax --size 512MiB --name files > /dev/null
device=$(node files)
mkfs.ext4 -q -b 4096 "$device"
mkdir -p /run/files && mount -o dax=always "$device" /run/files
truncate -s 4M /run/files/data
processes=1000 mappings=500
echo 1000000 > /proc/sys/vm/max_map_count
"$PROGRAMS/crowd" $processes $mappings "$(realpath "$PMEMCTL")" > /run/crowd &
crowd=$!
for _ in 1 2 3 4 5 6; do ready /run/crowd && break; done || { not_ok "the crowd is there"; exit 1; }
hold holder mapclosed /run/files/data
same "pmemctl finds the one" "$holder" "$(pmemctl mapping list files --json | jq -r '.[].pid')"

# As on a local disk whose files are cached: those of this machine come from the host, which is asked each time.
cp "$PMEMCTL" /run/pmemctl && PMEMCTL=/run/pmemctl
touch /lib/modules/"$(uname -r)"/modules.*
export RUNS=5
best=$(milliseconds "$PMEMCTL mapping list files")
{
	printf '%-44s %12s %14s %12s\n' "one mapping among $((processes * mappings + 1))" time 'times pmemctl' 'per mapping'
	for line in "pmemctl mapping list files (bpf):$PMEMCTL mapping list files --interface bpf" \
		"pmemctl ... --interface maps:$PMEMCTL mapping list files --interface maps" \
		"pmemctl ... --interface query:$PMEMCTL mapping list files --interface query" \
		"pmemctl user list files:$PMEMCTL user list files" \
		"lsof /run/files/data:lsof /run/files/data" "fuser -v /run/files/data:fuser -v /run/files/data" \
		"cat /proc/[0-9]*/maps:/bin/sh -c 'cat /proc/[0-9]*/maps > /dev/null'"; do
		time=$(milliseconds "${line#*:}")
		awk -v title="${line%%:*}" -v time="$time" -v best="$best" -v count=$((processes * mappings)) \
			'BEGIN { printf "%-44s %9.1f ms %13.2fx %9.0f ns\n", title, time, time / best, time * 1000000 / count }'
	done
	# What guards look at beside mappings.
	awk -v who="$(milliseconds "$PMEMCTL user list files")" -v best="$best" -v processes=$processes 'BEGIN {
		printf "user list: descriptors, directories, mounts, pins and how often the kernel has the device open take %.1f ms more,\n", who - best
		printf "%.1f us a process\n", (who - best) * 1000 / processes }'
	# The same with no process but one to look at.
	idle=$(milliseconds "$PMEMCTL mapping list files --pid $holder")
	awk -v best="$best" -v idle="$idle" -v processes=$processes -v mappings=$mappings -v floor="$("$PROGRAMS/floor")" 'BEGIN {
		printf "of which without looking for it (--pid) %.1f ms; %.1f us a process, %.0f ns a mapping\n", idle,
			(best - idle) * 1000 / processes, (best - idle) * 1000000 / processes / mappings
		printf "the kernel would show all mappings to a BPF program that does nothing in %.1f ms\n", floor
	}'
} > "$OUT/bench-mappings"
kill "$crowd"
wait "$crowd" 2>/dev/null
"$PROGRAMS/crowd" 1 100000 /run/files/data > /run/crowd &
crowd=$!
for _ in 1 2 3 4 5 6; do ready /run/crowd && break; done
same "100,000 mappings of one process are listed" 100000 "$(pmemctl mapping list --pid "$crowd" --json | grep -c '"pid"')"
RUNS=2
{
	echo
	awk -v time="$(milliseconds "$PMEMCTL mapping list --pid $crowd --json")" -v peak="$(peak "$PMEMCTL mapping list --pid $crowd --json")" \
		'BEGIN { printf "100,000 mappings of persistent memory in one process, all told of: %.1f s, %.0f us each, peak %.0f MiB\n", time / 1000, time / 100, peak / 1024 }'
} >> "$OUT/bench-mappings"
kill "$crowd"
let_go
ok "measured"
