# No machine.
# readme: export PMEMCTL_SIM=$(mktemp -d)/m
