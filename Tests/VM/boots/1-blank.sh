# A host without a namespace, one DIMM with empty labels and one with a blank label area: what a first boot makes of them.
. "$VM_TESTS/boots/lib.sh"

same 'the unit has succeeded' 'success active' "$(unit Result) $(unit ActiveState)"
check 'before local filesystems' test "$(unit ActiveEnterTimestampMonotonic)" -le \
	"$(systemctl show -P ActiveEnterTimestampMonotonic local-fs.target)"
everything_is_there
check 'the journal has what was made' sh -c 'journalctl -b -o cat -u pmemctl-layout.service | grep -q "create .*\"files\""'
same 'no file but *.yaml was read' '' "$(journal | grep -E 'yaml~|hidden|ignored' || true)"
same 'nothing was kept from it by the sandbox' '' "$(journal | grep -iE 'not permitted|read-only|denied' || true)"
echo first > /mnt/files/content
check 'the undo record is for root alone' test "$(stat -c %a /var/lib/pmemctl)" = 700

# Names that stay.
by() { readlink -f "/dev/pmem/$1"; }
uuid() { pmemctl namespace show "$1" --json | jq -r .uuid; }
same 'a block device has its name' "$(node files)" "$(by by-name/files)"
same 'and its UUID' "$(node files)" "$(by "by-uuid/$(uuid files)")"
same 'a DAX device has its name' "$(node vm)" "$(by by-name/vm)"
check 'and a UUID' test -e "/dev/pmem/by-uuid/$(pmemctl namespace show vm --json | jq -r .uuid)"
check 'renamed' pmemctl namespace rename vm '../sda'
udevadm trigger --settle "$(node '../sda')"
same 'a name with a slash makes no link' '' "$(find /dev -name sda; find /dev/pmem -name '*vm*' -not -lname '*dax*')"
check 'and back' pmemctl namespace rename '../sda' vm
pmemctl namespace create --region region0 --mode raw --size 64MiB --name 'raw one' --no-progress >&2
udevadm settle
same 'of a raw namespace without running a program, blanks replaced' "$(node 'raw one')" "$(by by-name/raw_one)"
pmemctl namespace destroy --force --yes 'raw one' >&2
udevadm settle
check 'the link goes with it' test ! -e /dev/pmem/by-name/raw_one
umount /mnt/files
