// Holds a device by a descriptor that is in a socket's queue alone, until it is killed. With `registered` it is a file
// registered with io_uring instead.
//
//   flight PATH [registered]
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void send_away(int file)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	char byte = 0;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int queue[2];

	memcpy(CMSG_DATA(&control.header), &file, sizeof(int));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, queue) < 0 || sendmsg(queue[0], &message, 0) < 0)
		err(1, "SCM_RIGHTS");
}

static void register_file(int file)
{
	struct io_uring_params parameters = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 4, &parameters);

	if (ring < 0 || syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &file, 1) < 0)
		err(1, "io_uring");
}

int main(int count, char **arguments)
{
	if (count < 2)
		errx(64, "usage: flight PATH [registered]");

	int file = open(arguments[1], O_RDWR);

	if (file < 0)
		err(1, "%s", arguments[1]);
	if (count > 2)
		register_file(file);
	else
		send_away(file);
	close(file);
	puts("ready");
	fflush(stdout);
	pause();
}
