# Reading the memory map of devices: how fast, beside copying as much memory.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/../bench-lib.sh"

label_all
# best COMMAND: milliseconds of the quickest of many runs: what is looked for is small beside the rest.
best() {
	hyperfine -N --warmup 2 --runs 15 --export-json /run/best.json --style none "$1" > /dev/null 2>&1
	jq '.results[0].min * 1000' /run/best.json
}
# scan TITLE NAMESPACE PAGE: what a scan takes beyond one of a device with 15 pages.
scan() {
	local size time idle
	idle=$(best "$PMEMCTL pin list nothing")
	size=$(pmemctl namespace show "$2" --json | jq .size)
	time=$(best "$PMEMCTL pin list $2")
	awk -v title="$1" -v size="$size" -v page="$3" -v time="$time" -v idle="$idle" 'BEGIN {
		seconds = (time - idle) / 1000; pages = size / page; bytes = page == 4096 ? pages * 64 : pages * 128
		if (seconds < 0.02) {
			printf "%-24s %9d pages, in less than can be told from the rest\n", title, pages
			exit
		}
		printf "%-24s %9d pages %8.1f ms %8.0f ns/page %7.2f GB/s of memmap   1 TiB: %.2f s\n", title, pages, time - idle,
			seconds * 1e9 / pages, bytes / seconds / 1e9, seconds * (2 ^ 40 / page) / pages
	}'
}
pmemctl namespace create --region region0 --mode devdax --size 32MiB --name nothing > /dev/null
idle=$(best "$PMEMCTL pin list nothing")
{
	echo "pin list beyond the ${idle%.*} ms of a device with 15 pages: start, inventory, types, mappings"
	for align in 4KiB 2MiB; do
		for map in dev mem; do
			pmemctl namespace create --region region1 --mode devdax --align $align --map $map --size max --name "$align-$map" > /dev/null
			scan "$align, map $map" "$align-$map" $([ $align = 4KiB ] && echo 4096 || echo 2097152)
			pmemctl namespace destroy --force "$align-$map" > /dev/null
		done
	done
	"$PROGRAMS/copy" $((64 << 20))
} > "$OUT/bench-pins"
ok "measured"
