# Seeded damage of labels, info blocks and BTTs, on the kernel and on a simulated machine beside it: both make the same of it.
. "$VM_TESTS/lib.sh"

label_all
"$(dirname "$PMEMCTL")/pmemctl-lockstep" --media /run/hostile "${SEED:-1}" "${DAMAGES:-60}"
