# Two CXL memory devices and a window.
# pages: region-create
pmemctl sim create "$PMEMCTL_SIM" --cxl-memdev 512MiB --cxl-memdev 512MiB --cxl-window 4GiB
