#include "CPmemShims.h"

#include <linux/ndctl.h>

const unsigned CPmem_device_namespace_io = ND_DEVICE_NAMESPACE_IO;
const unsigned CPmem_device_namespace_pmem = ND_DEVICE_NAMESPACE_PMEM;
const int CPmem_command_clear_error = ND_CMD_CLEAR_ERROR;
