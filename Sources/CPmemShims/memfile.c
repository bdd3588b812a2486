#define _GNU_SOURCE
#include "CPmemShims.h"

#include <errno.h>
#include <sys/mman.h>

int CPmem_memory_file(const char *name)
{
	int file = memfd_create(name, MFD_CLOEXEC);

	return file < 0 ? -errno : file;
}
