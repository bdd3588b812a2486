# Who maps this, among 200 processes with 500 mappings each: pmemctl beside lsof, fuser, and a plain read of all.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/../bench-lib.sh"

label_all
pmemctl namespace create --region region0 --mode fsdax --size 512MiB --name files > /dev/null
device=/dev/$(pmemctl namespace show files --json | jq -r .blockdev)
mkfs.ext4 -q -b 4096 "$device"
mkdir -p /run/files && mount -o dax=always "$device" /run/files
truncate -s 4M /run/files/data
ready() { for _ in $(seq 600); do grep -q '^ready' "$1" 2>/dev/null && return; /bin/busybox usleep 50000; done; false; }
"$PROGRAMS/crowd" 200 500 "$(realpath "$PMEMCTL")" > /run/crowd &
crowd=$!
"$PROGRAMS/holder" mapclosed /run/files/data > /run/holder &
holder=$!
ready /run/crowd && ready /run/holder || { not_ok "the crowd is there"; exit 1; }
same "pmemctl finds the one" "$holder" "$(pmemctl mapping list files --json | jq -r '.[].pid')"

export RUNS=5
ours=$(milliseconds "$PMEMCTL mapping list files")
{
	printf '%-42s %10s %14s\n' 'one mapping among 100,200' time 'times pmemctl'
	for line in "pmemctl mapping list files:$PMEMCTL mapping list files" "pmemctl user list files:$PMEMCTL user list files" \
		"lsof /run/files/data:lsof /run/files/data" "fuser -v /run/files/data:fuser -v /run/files/data" \
		"cat /proc/[0-9]*/maps:/bin/sh -c 'cat /proc/[0-9]*/maps > /dev/null'"; do
		time=$(milliseconds "${line#*:}")
		awk -v title="${line%%:*}" -v time="$time" -v ours="$ours" \
			'BEGIN { printf "%-42s %7.1f ms %13.2fx\n", title, time, time / ours }'
	done
} > "$OUT/bench-mappings"
kill "$crowd" "$holder"
ok "measured"
