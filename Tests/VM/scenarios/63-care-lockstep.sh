# The care of DIMMs at random (SEED, CARES), on nfit_test and on a simulated machine like it, in lockstep: the same answers and
# the same states. nfit_test is loaded again every hundred changes: what it has staged, or frozen, stays so.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/nfit.sh"

modprobe encrypted-keys 2> /dev/null
lockstep=$(dirname "$PMEMCTL")/pmemctl-lockstep
left=$CARES seed=${SEED:-1}
while [ "$left" -gt 0 ]; do
	pmemctl region disable all >&2
	mapfile -t ids < <(cat $devices/nmem*/nfit/id)
	modprobe -r nfit_test
	rm -rf /etc/ndctl/keys
	"$PROGRAMS/forget" nvdimm-master "${ids[@]/#/nvdimm:}" "${ids[@]/#/nvdimm-pending:}" >&2
	modprobe nfit_test
	pmemctl bus scrub wait >&2
	count=$((left < 100 ? left : 100))
	"$lockstep" --care "$PROGRAMS/forget" "/run/care-$seed" "$seed" "$count"
	left=$((left - count)) seed=$((seed + 1))
done
