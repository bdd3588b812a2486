# Labels of version 1.1: another cookie, another BTT, the same suite.
. "$VM_TESTS/lib.sh"

label_all 1.1
same "the interleave set has the old cookie" 10248187106440278 "$(pmemctl region show region0 --json | jq .iset_id)"
"$(dirname "$PMEMCTL")/pmemctl-conformance" kernel
label_all
