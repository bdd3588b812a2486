# The sources.
# readme: pmemctl sim policy explain truncate
mkdir Tests
ln -s "$SCENARIOS" Tests/Scenarios
