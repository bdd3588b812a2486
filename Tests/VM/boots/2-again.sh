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

# The monitor, by its unit. The targets behind it are not of this boot.
monitor() { systemctl show -P "$1" pmemctl-monitor.service; }
mkdir -p /run/metrics
echo 'PMEMCTL_MONITOR_OPTIONS=--textfile /run/metrics --interval 2' > /etc/pmemctl/monitor.conf
same 'the monitor starts' 0 "$(status timeout 240 systemctl start --job-mode=ignore-dependencies pmemctl-monitor.service)"
same 'it has said that it is ready' 'active running' "$(monitor ActiveState) $(monitor SubState)"
check 'it does what monitor.conf says' test -s /run/metrics/pmemctl.prom
pmemctl namespace create --region region0 --mode raw --size 64MiB --name seen --no-progress >&2
for _ in $(seq 60); do journalctl -b -u pmemctl-monitor.service | grep -q namespace0 && break; sleep 1; done
same 'what appears is in the journal, once' 1 \
	"$(journalctl -b -o json -u pmemctl-monitor.service | jq -r 'select(.PMEM_EVENT == "state" and .PMEM_NEW == "raw") | .PMEM_SUBJECT' | grep -c namespace0)"
pmemctl namespace destroy --force --yes seen >&2
same 'it is stopped' 0 "$(status timeout 120 systemctl stop pmemctl-monitor.service)"
same 'which is no failure' 'success inactive' "$(monitor Result) $(monitor ActiveState)"
check 'its state is kept for the next one' test -s /var/lib/pmemctl/monitor.json
umount /mnt/files
