# For scenarios on the kernel's own simulated NVDIMMs (nfit_test), whose first four DIMMs have everything.
devices=/sys/bus/nd/devices
tests=/sys/devices/platform/nfit_test.0/nfit_test_dimm

# dimm N: the kernel name of nfit_test's own number, by its handle.
dimm() { basename "$(dirname "$(dirname "$(grep -lx "$(cat "$tests/test_dimm$1/handle")" $devices/nmem*/nfit/handle)")")"; }
# fail N COMMANDS: the commands (a mask of numbers of Intel's DSM) fail on a DIMM, none with 0.
fail() { echo "$2" > "$tests/test_dimm$1/fail_cmd"; }
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
