# The second boot: nothing is to be made, memory is handed to the kernel again.
. "$VM_TESTS/boots/lib.sh"

same 'the unit has succeeded' 'success active' "$(unit Result) $(unit ActiveState)"
everything_is_there
same 'the files of the first boot are there' first "$(cat /mnt/files/content)"
same 'no namespace was made or destroyed' '' "$(journal | grep -E 'create|destroy' || true)"
check 'the first layout had nothing to do' sh -c 'journalctl -b -o cat -u pmemctl-layout.service | grep -q "nothing to do"'
same 'started once more, it changes nothing' 0 "$(status systemctl restart pmemctl-layout.service)"
same 'not a line but that' '' "$(journalctl -o cat -u pmemctl-layout.service --since "$(systemctl show -P ExecMainStartTimestamp pmemctl-layout.service)" |
	grep -E 'create|destroy|bring|online' || true)"
umount /mnt/files
