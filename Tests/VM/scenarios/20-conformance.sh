# The backend conformance suite on the real kernel.
. "$VM_TESTS/lib.sh"

label_all
"$(dirname "$PMEMCTL")/pmemctl-conformance" kernel
