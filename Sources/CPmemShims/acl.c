#include "CPmemShims.h"

#include <errno.h>
#include <sys/xattr.h>

static const char name[] = "system.posix_acl_access";

int CPmem_get_acl(const char *path, void *bytes, unsigned room)
{
	ssize_t length = lgetxattr(path, name, bytes, room);

	return length < 0 ? -errno : (int)length;
}

int CPmem_set_acl(const char *path, const void *bytes, unsigned length)
{
	int status = length > 0 ? lsetxattr(path, name, bytes, length, 0) : lremovexattr(path, name);

	return status < 0 ? -errno : 0;
}
