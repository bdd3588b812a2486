# A region of two CXL memory devices.
# pages: region-destroy
pmemctl sim create "$PMEMCTL_SIM" --cxl-memdev 512MiB --cxl-memdev 512MiB --cxl-window 4GiB
pmemctl region create mem0 mem1
