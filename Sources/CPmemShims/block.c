#define _GNU_SOURCE
#include "CPmemShims.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool is_device(const struct stat *status, bool block, uint32_t major, uint32_t minor)
{
	return (block ? S_ISBLK(status->st_mode) : S_ISCHR(status->st_mode)) && major(status->st_rdev) == major &&
	       minor(status->st_rdev) == minor;
}

// A descriptor of the device, or a negative error number: ENODEV if the name is another device.
static int open_node(const char *path, bool block, uint32_t major, uint32_t minor, int flags)
{
	struct stat status;
	// The node is checked before it is opened, because opening another device may have side effects.
	int descriptor = lstat(path, &status) < 0 ? -errno : is_device(&status, block, major, minor) ? 0 : -ENODEV;

	if (descriptor < 0)
		return descriptor;
	descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status) == 0 && is_device(&status, block, major, minor))
		return descriptor;
	close(descriptor);
	return -ENODEV;
}

int CPmem_open_device(const char *path, int block, uint32_t major, uint32_t minor, int flags)
{
	static const char *const directories[] = {"/dev", "/run", "/var/lib", "/tmp", "", NULL};
	static unsigned count;
	int error = open_node(path, block, major, minor, flags);
	int descriptor = error;

	for (int index = 0; descriptor == -ENOENT || descriptor == -ENODEV || descriptor == -ELOOP; index++) {
		char name[64];

		if (directories[index] == NULL)
			return error;
		snprintf(name, sizeof(name), "%s/.pmemctl-%d-%u", directories[index], (int)getpid(), count++);
		if (mknod(name, (block ? S_IFBLK : S_IFCHR) | 0600, makedev(major, minor)) < 0)
			continue;
		descriptor = open_node(name, block, major, minor, flags);
		unlink(name);
		// Mounted with nodev.
		if (descriptor == -EACCES)
			descriptor = error;
	}
	return descriptor;
}

int CPmem_set_read_only(const char *path, int flag)
{
	int device = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int status;

	if (device < 0)
		return -errno;
	status = ioctl(device, BLKROSET, &flag) < 0 ? -errno : 0;
	close(device);
	return status;
}

int CPmem_loop_backing(int loop, struct CPmem_file *file)
{
	struct loop_info64 info;

	memset(&info, 0, sizeof(info));
	if (ioctl(loop, LOOP_GET_STATUS64, &info) < 0)
		return -errno;
	memset(file, 0, sizeof(*file));
	// As stat(2) gives them (drivers/block/loop.c:loop_get_status, huge_encode_dev).
	file->device = info.lo_device;
	file->inode = info.lo_inode;
	file->special_device = info.lo_rdevice;
	file->mode = info.lo_rdevice != 0 ? S_IFBLK : S_IFREG;
	return 0;
}

int CPmem_inode_flags(int file, uint32_t *flags)
{
	// The kernel writes an int, although the request number says otherwise.
	long room = 0;

	if (ioctl(file, FS_IOC_GETFLAGS, &room) < 0)
		return -errno;
	*flags = (uint32_t)room;
	return 0;
}

int CPmem_is_realtime(int file)
{
	struct fsxattr attributes;

	memset(&attributes, 0, sizeof(attributes));
	if (ioctl(file, FS_IOC_FSGETXATTR, &attributes) < 0)
		return -errno;
	return (attributes.fsx_xflags & FS_XFLAG_REALTIME) != 0;
}
