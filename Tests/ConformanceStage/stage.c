#define _GNU_SOURCE
#include "ConformanceStage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int CStage_hold(const char *path, int queue[2])
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 0;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int file = open(path, O_RDWR | O_CLOEXEC);

	if (file < 0)
		return errno;
	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &file, sizeof(int));

	int error = 0;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, queue) < 0) {
		error = errno;
	} else if (sendmsg(queue[0], &message, 0) < 0) {
		error = errno;
		CStage_release(queue);
	}
	close(file);
	return error;
}

void CStage_release(const int queue[2])
{
	close(queue[0]);
	close(queue[1]);
}

int CStage_hide_processes(int hidden)
{
	static int is_own;

	if (!hidden)
		return umount2("/proc", MNT_DETACH) < 0 ? errno : 0;
	if (!is_own) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			return errno;
		is_own = 1;
	}
	return mount("none", "/proc", "tmpfs", 0, NULL) < 0 ? errno : 0;
}

int CStage_hide_kernel(int hidden)
{
	static const int needed[] = {CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN};
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) < 0)
		return errno;
	for (size_t index = 0; index < sizeof(needed) / sizeof(needed[0]); index++) {
		uint32_t bit = CAP_TO_MASK(needed[index]);

		if (hidden)
			sets[CAP_TO_INDEX(needed[index])].effective &= ~bit;
		else
			sets[CAP_TO_INDEX(needed[index])].effective |= bit;
	}
	return syscall(SYS_capset, &header, sets) < 0 ? errno : 0;
}

int CStage_copy_node(const char *path, const char *copy)
{
	struct stat status;

	if (stat(path, &status) < 0 || mknod(copy, (status.st_mode & S_IFMT) | 0600, status.st_rdev) < 0)
		return errno;
	return 0;
}
