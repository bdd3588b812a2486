# A host with namespaces, and the schemas where `make install` puts them.
# pages: json
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl namespace create --mode fsdax --size 1GiB --region region0 --name cache
pmemctl namespace create --mode devdax --size 2GiB --region region1 --name vm-a
share=$(dirname "$(dirname "$(command -v pmemctl)")")/share/pmemctl
mkdir -p "$share" && ln -s "$SCHEMAS" "$share/schema"
