# Seeded layouts made by ndctl on this kernel, for the simulator to find on the images when the guest is off: vm-test
# leaves them, sim-handover compares. The last scenario: what comes after it would change them.
. "$VM_TESTS/lib.sh"

RANDOM=${SEED:-1}
pick() { local words=("$@"); echo "${words[RANDOM % $#]}"; }

make_layout() {
	local region=$1 size mode options made
	for _ in 1 2 3 4 5 6; do
		size=$((16 * (1 + RANDOM % 20)))M
		mode=$(pick fsdax devdax sector raw)
		options=()
		case $mode in
		fsdax | devdax) options=(-M "$(pick mem dev)" -a "$(pick 4K 2M)") ;;
		sector) options=(-l "$(pick 512 520 528 4096 4104 4160 4224)") ;;
		esac
		made=$(ndctl create-namespace -r "$region" -m "$mode" -s "$size" -n "$mode $size" "${options[@]}" | jq -r .dev)
		# Some make room again, so that slots and addresses are not in order.
		[ -z "$made" ] || [ $((RANDOM % 4)) -gt 0 ] || ndctl destroy-namespace -f "$made" >&2
	done
}

label_all
# One with the old format.
ndctl disable-region region1 >&2
ndctl init-labels -f -V 1.1 nmem1 >&2
ndctl disable-dimm nmem1 >&2
ndctl enable-dimm nmem1 >&2
ndctl enable-region region1 >&2
make_layout region0
make_layout region1
ndctl create-namespace -f -e namespace2.0 -m "$(pick fsdax devdax)" >&2
# Numbers as a boot gives them.
ndctl disable-region all >&2
ndctl enable-region all >&2
udevadm settle 2>/dev/null
pmemctl status --json > "$OUT/handover.json"
ndctl list -NRDvv > "$OUT/handover-ndctl.json"
same "there is a layout on each DIMM" 3 \
	"$(jq '[.buses[].regions[] | select(.mappings != null) | select(.namespaces | length > 0)] | length' "$OUT/handover.json")"
