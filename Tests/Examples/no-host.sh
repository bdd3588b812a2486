# No machine.
# pages: sim-create
