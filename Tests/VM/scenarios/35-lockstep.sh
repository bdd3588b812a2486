# Seeded random changes on the kernel and on a simulated machine beside it, in lockstep.
. "$VM_TESTS/lib.sh"

label_all
"$(dirname "$PMEMCTL")/pmemctl-lockstep" /run/lockstep "${SEED:-1}" "${CHANGES:-600}"
