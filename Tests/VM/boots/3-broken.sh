# A boot with a file that is no layout, and one that does not fit, before those that can be applied.
. "$VM_TESTS/boots/lib.sh"

same 'the unit has failed' failed "$(unit ActiveState)"
same 'and the boot has gone on' active "$(systemctl show -P ActiveState local-fs.target)"
everything_is_there
same 'the files of the first boot are there' first "$(cat /mnt/files/content)"
check 'the journal has the line and the column of the mistake' sh -c \
	'journalctl -b -o cat -u pmemctl-layout.service | grep -q "layout.d/00-broken.yaml:3:5: "'
check 'and why the other cannot be applied' sh -c \
	'journalctl -b -o cat -u pmemctl-layout.service | grep -q "cannot apply /etc/pmemctl/layout.d/05-large.yaml (exit status 1)"'
check 'and what to do' sh -c \
	'journalctl -b -o cat -u pmemctl-layout.service | grep -q "pmemctl layout plan /etc/pmemctl/layout.d/05-large.yaml"'
umount /mnt/files
