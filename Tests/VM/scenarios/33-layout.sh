# Layouts on a real kernel: twenty seeded ones, one after the other, each reached and then left alone; export is what there
# is; and what the unit of the first boot runs.
. "$VM_TESTS/lib.sh"

label_all
RANDOM=${SEED:-1}
# layout: prints a random one for the two labelled DIMMs.
layout() {
	local dimm number count mode
	echo 'layout: 1'
	echo 'regions:'
	for dimm in 0 1; do
		echo "  - select: {dimms: [$(pmemctl dimm show "nmem$dimm" --json | jq -r .id)]}"
		echo '    others: destroy'
		echo '    namespaces:'
		count=$((RANDOM % 4 + 1))
		for number in $(seq $count); do
			case $((RANDOM % 4)) in 0) mode=raw ;; 1) mode=sector ;; 2) mode=fsdax ;; *) mode=devdax ;; esac
			if [ "$number" = "$count" ] && [ $((RANDOM % 3)) = 0 ]; then
				echo "      - {name: d$dimm-$((RANDOM % 3))-$number, mode: $mode, size: rest}"
			else
				echo "      - {name: d$dimm-$((RANDOM % 3))-$number, mode: $mode, size: $(((RANDOM % 16 + 2) * 16))MiB}"
			fi
		done
	done
}
reached() { [ "$(status pmemctl layout plan /run/layout.yaml)" = 0 ]; }
# kernel: what ndctl says there is, of those two.
kernel() { ndctl list -RN | jq -c '[.. | objects | select(.name?) | {name, mode}] | sort'; }
# wanted: what the layout says.
wanted() { sed -n 's/.*name: \([^,]*\), mode: \([^,]*\),.*/\1 \2/p' /run/layout.yaml | jq -Rc -n '[inputs | split(" ") | {name: .[0], mode: .[1]}] | sort'; }
good=0
for number in $(seq 10); do
	layout > /run/layout.yaml
	if pmemctl layout apply --replace all --destroy all --yes --no-progress /run/layout.yaml >&2 && reached &&
		[ "$(kernel)" = "$(wanted)" ]; then
		good=$((good + 1))
	else
		not_ok "layout $number is reached"
		kernel >&2
		wanted >&2
		cat /run/layout.yaml >&2
	fi
done
same 'ten layouts are reached, as ndctl sees it, and then left alone' 10 "$good"
pmemctl layout export > /run/layout.yaml
check 'what is exported is what there is' reached
pmemctl status --json > /run/status.json
same 'a snapshot says the same' 0 "$(status pmemctl layout plan --inventory /run/status.json /run/layout.yaml)"

# One is in use: nothing is changed.
pmemctl namespace destroy --force --yes all >&2
printf 'layout: 1\nregions: [{select: {dimms: [%s]}, namespaces: [{name: data, mode: fsdax, size: 512MiB}]}]\n' \
	"$(pmemctl dimm show nmem1 --json | jq -r .id)" > /run/layout.yaml
pmemctl layout apply /run/layout.yaml >&2
mkfs.ext4 -q -b 4096 "$(node data)" >&2 && mkdir -p /mnt/data && mount -o dax=always "$(node data)" /mnt/data
echo kept > /mnt/data/file
sed 's/fsdax/devdax/' /run/layout.yaml > /run/other.yaml
same 'without leave: refused' 4 "$(status pmemctl layout apply /run/other.yaml)"
same 'mounted: refused, whatever is allowed' 4 \
	"$(status pmemctl layout apply --replace all --discard-content --yes /run/other.yaml)"
umount /mnt/data
same 'a filesystem on it: refused' 4 "$(status pmemctl layout apply --replace all /run/other.yaml)"
sed 's/namespaces: \[/namespaces: [{name: more, mode: devdax, size: rest}, /' /run/layout.yaml > /run/more.yaml
check 'others are made beside it' pmemctl layout apply /run/more.yaml
mount -o dax=always "$(node data)" /mnt/data
same 'and what it holds is untouched' kept "$(cat /mnt/data/file)"
umount /mnt/data

# What the unit of the first boot runs; first-boot boots it.
pmemctl namespace destroy --force --yes --discard-content all >&2
mkdir -p /run/layout.d && cp /run/more.yaml /run/layout.d/10-more.yaml && cp /run/other.yaml "/run/layout.d/10-more.yaml~"
same "the unit's command applies a directory" 0 \
	"$(status "$VM_TESTS/../../Sources/systemd/apply-layouts" "$PMEMCTL" /run/none.yaml /run/layout.d)"
same 'it is there' '["data","more"]' "$(pmemctl namespace list --json | jq -c '[.[].name | select(.)] | sort')"
pmemctl namespace destroy --force --yes --discard-content all >&2
