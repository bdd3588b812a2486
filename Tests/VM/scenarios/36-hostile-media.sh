# Seeded damage of labels, info blocks and BTTs, on the kernel and on a simulated machine beside it: both make the same of it.
# LABELS is the version of the labels, WAYS how many DIMMs the region has.
. "$VM_TESTS/lib.sh"

label_all "$LABELS"
"$(dirname "$PMEMCTL")/pmemctl-lockstep" --media "$WAYS" /run/hostile "${SEED:-1}" "${DAMAGES:-60}"
