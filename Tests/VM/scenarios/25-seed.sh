# The kernel can lose a region's seed when it is enabled with namespaces on it: it names a seed after the seed's
# probe may already have run (region.c:nd_region_probe). `region enable` gives the region another.
. "$VM_TESTS/lib.sh"

label_all
for mode in raw fsdax; do
	pmemctl namespace create --region region0 --mode $mode --size 64MiB --name first-$mode >&2
	pmemctl namespace create --region region0 --mode raw --size 64MiB --name second-$mode >&2
	lost=0
	for _ in $(seq 12); do
		pmemctl region disable region0 >&2
		pmemctl region enable region0 >&2
		[ "$(pmemctl region show region0 --idle --json | jq '[.namespaces[] | select(.size == 0)] | length')" -gt 0 ] || lost=$((lost + 1))
	done
	same "with a $mode namespace first, there is a place for the next each time" 0 "$lost"
	same "and what was there is there" "first-$mode second-$mode" \
		"$(pmemctl namespace list --region region0 --json | jq -r '[.[].name] | join(" ")')"
	same "and enabled" 0 "$(pmemctl namespace list --region region0 --json | jq '[.[] | select(.state == "disabled")] | length')"
	pmemctl namespace destroy --force --region region0 all >&2
done
