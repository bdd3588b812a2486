# Calls of changes that fail, and changes that are killed, on the kernel: what pmemctl reports is true, and what it suggests
# leads to the old state or the new one.
. "$VM_TESTS/lib.sh"

/usr/bin/python3 "$VM_TESTS/../FaultRunner/run" --host "$PROGRAMS/inject" --seed "${SEED:-1}" --count "${FAULTS:-66}" \
	"$PMEMCTL"
case $? in 0 | 1) ;; *) exit 1 ;; esac
label_all
rm -rf /var/lib/pmemctl
