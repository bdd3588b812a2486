#include "CPmemShims.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int CPmem_try_long_term_pin(void *address, uint64_t length)
{
	struct io_uring_params parameters = {0};
	struct iovec buffer = {.iov_base = address, .iov_len = length};
	int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
	int result = 0;

	if (ring < 0)
		return -errno;
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1) < 0)
		result = errno;
	else
		/* Closing the ring would release the pages some time later. */
		syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
	close(ring);
	return result;
}
