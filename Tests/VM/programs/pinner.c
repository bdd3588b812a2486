// pinner HOW FILE SIZE: gets references to pages of a device that outlive its mapping and its descriptor, closes both,
// prints "ready", and waits to be killed. Ends with status 2 where the kernel refuses.
//
//   io_uring   registers a buffer (FOLL_PIN, long-term)
//   vmsplice   puts up to 16 pages into a pipe (FOLL_GET)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int pin(struct iovec buffer)
{
	struct io_uring_params parameters;

	memset(&parameters, 0, sizeof(parameters));
	int ring = (int)syscall(SYS_io_uring_setup, 4, &parameters);

	return ring >= 0 && syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1) == 0;
}

static int splice_pages(struct iovec buffer)
{
	int ends[2];

	if (buffer.iov_len > 16 * 4096)
		buffer.iov_len = 16 * 4096;
	return pipe(ends) == 0 && vmsplice(ends[1], &buffer, 1, 0) > 0;
}

int main(int count, char **words)
{
	if (count != 4)
		return 64;
	size_t size = strtoull(words[3], NULL, 0);
	int file = open(words[2], O_RDWR);

	if (file < 0) {
		perror(words[2]);
		return 1;
	}
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (place == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	struct iovec buffer = {.iov_base = place, .iov_len = size};

	if (!(strcmp(words[1], "vmsplice") == 0 ? splice_pages(buffer) : pin(buffer))) {
		perror(words[1]);
		return 2;
	}
	munmap(place, size);
	close(file);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
