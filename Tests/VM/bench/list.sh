# Lists of 64 namespaces: not a test but a benchmark, run by `make bench`.
. "$VM_TESTS/lib.sh"
. "$VM_TESTS/../bench-lib.sh"

label_all
for number in $(seq 64); do
	mode=$(echo fsdax devdax sector raw | cut -d ' ' -f $((number % 4 + 1)))
	pmemctl namespace create --region region1 --mode "$mode" --size 32MiB --name "n$number" >&2
done
export RUNS=10
{
	row 'start: --version' "$PMEMCTL --version" 'ndctl --version'
	row 'namespace list' "$PMEMCTL namespace list" 'ndctl list'
	row 'namespace list --json' "$PMEMCTL namespace list --json" 'ndctl list -v'
	row 'status --json' "$PMEMCTL status --json" 'ndctl list -BDRNvvv'
} > "$OUT/bench"
check "64 namespaces were listed" test "$(pmemctl namespace list --region region1 --json | jq length)" = 64
