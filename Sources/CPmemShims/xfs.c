#include "CPmemShims.h"

#include <string.h>
#include <sys/ioctl.h>

// fs/xfs/libxfs/xfs_fs.h: struct xfs_fsop_geom, of which only the flags are of interest; no package of headers that is
// needed otherwise has it.
struct geometry {
	uint32_t sizes[8];
	uint64_t blocks[4];
	unsigned char uuid[16];
	uint32_t stripe[2];
	uint32_t version;
	uint32_t flags;
	uint32_t rest[40];
};

_Static_assert(sizeof(struct geometry) == 256, "the size is part of the ioctl's number");

#define GEOMETRY _IOR('X', 126, struct geometry)
#define HAS_REFLINK (1u << 20)

int CPmem_xfs_has_reflink(int directory)
{
	struct geometry geometry = {0};

	if (ioctl(directory, GEOMETRY, &geometry) != 0)
		return -1;
	return (geometry.flags & HAS_REFLINK) != 0;
}
