#define _GNU_SOURCE
#include "CPmemShims.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int64_t CPmem_bytes_in_pipe(int process, int descriptor)
{
	int handle = (int)syscall(SYS_pidfd_open, process, 0);
	int count = 0;

	if (handle < 0)
		return -errno;

	int copy = (int)syscall(SYS_pidfd_getfd, handle, descriptor, 0);
	int64_t result = copy < 0 || ioctl(copy, FIONREAD, &count) != 0 ? -errno : count;

	if (copy >= 0)
		close(copy);
	close(handle);
	return result;
}
