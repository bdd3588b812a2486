#define _GNU_SOURCE
#include "CPmemShims.h"

#include <fcntl.h>
#include <linux/ndctl.h>
#include <unistd.h>

const unsigned CPmem_device_namespace_io = ND_DEVICE_NAMESPACE_IO;
const unsigned CPmem_device_namespace_pmem = ND_DEVICE_NAMESPACE_PMEM;
const int CPmem_command_clear_error = ND_CMD_CLEAR_ERROR;
const int CPmem_open_path = O_PATH;
const int CPmem_seek_data = SEEK_DATA;
