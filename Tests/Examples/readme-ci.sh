# The layout of the README in a file.
# readme: pmemctl sim create m --dimm 128GiB --dimm 128GiB && pmemctl layout apply --sim m layout.yaml
sed -n '/^    layout: 1/,/^$/s/^    //p' "$README" > layout.yaml
