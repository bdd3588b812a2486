# Calls of changes that fail, and changes that are killed, on the kernel: what pmemctl reports is true, and what it suggests
# leads to the old state or the new one.
. "$VM_TESTS/lib.sh"

/usr/bin/python3 "$VM_TESTS/../FaultRunner/run" --host "$PROGRAMS/inject" --seed "${SEED:-1}" --count "${GUEST_FAULTS:-66}" \
	"$PMEMCTL" > >(tee /run/faults)
case $? in 0 | 1) ;; *) exit 1 ;; esac
wait
check "most of them were injected" test "$(awk '/^. [0-9]+ failures and / {print $2 + $5}' /run/faults)" -ge $((${GUEST_FAULTS:-66} * 9 / 10))
label_all
rm -rf /var/lib/pmemctl
