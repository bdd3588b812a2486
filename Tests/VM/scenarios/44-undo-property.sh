# Random sequences of changes on the kernel: the undo of any of them restores what it touched and nothing else, or is refused,
# and the undo of the undo brings back what was there.
. "$VM_TESTS/lib.sh"

/usr/bin/python3 "$VM_TESTS/../FaultRunner/sequences" --seed "${SEED:-1}" --count "${SEQUENCES:-100}" "$PMEMCTL"
case $? in 0 | 1) ;; *) exit 1 ;; esac
label_all
rm -rf /var/lib/pmemctl
