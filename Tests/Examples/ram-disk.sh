# A RAM disk, a remote provider that is fetching a page, and a process.
# pages: sim-direct-access sim-provider-list sim-provider-pool sim-provider-remove sim-provider-update
pmemctl sim create "$PMEMCTL_SIM" --dimm 8GiB --dimm 32GiB
pmemctl sim process start app --pid 812
pmemctl sim process start other --pid 813
pmemctl sim provider create ram0 --size 1MiB --pool 4
pmemctl sim provider create far0 --kind remote --size 1MiB
pmemctl sim direct-access 813 far0 --page 4
