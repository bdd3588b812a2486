# A machine in the directory m.
# pages: sim-destroy sim-reboot sim-show
pmemctl sim create m --dimm 2GiB
