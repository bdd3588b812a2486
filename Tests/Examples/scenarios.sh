# The scenarios that are installed.
# pages: sim-run sim-explore sim-timeline
cp "$SCENARIOS"/002-truncate-waits.pmem "$SCENARIOS"/001-*.pmem .
