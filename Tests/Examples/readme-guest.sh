# No machine.
# readme: pmemctl sim create vm1 --dimm 4GiB
