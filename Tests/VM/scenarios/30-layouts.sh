# Seeded random layouts: plans against the kernel, pmemctl against ndctl, key by key. What there was at the end
# of each is kept, for the simulated machine to be compared with.
. "$VM_TESTS/lib.sh"

label_all
"$(dirname "$PMEMCTL")/pmemctl-layouts" record "$PMEMCTL" "$OUT/layouts.json" "${SEED:-1}" "${COUNT:-30}"
