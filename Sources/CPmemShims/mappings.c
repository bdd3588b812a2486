#include "CPmemShims.h"

#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

// include/uapi/linux/fs.h of 6.11 and later, which older headers lack.
struct query {
	uint64_t size, flags, address;
	uint64_t start, end, vma_flags, page_size, offset, inode;
	uint32_t major, minor;
	uint32_t name_size, build_id_size;
	uint64_t name, build_id;
};

enum {
	covering_or_next = 0x10,
	file_backed = 0x20,
};

#define QUERY _IOWR('f', 17, struct query)

int CPmem_mappings(int maps, uint64_t address, struct CPmem_vma *vmas, unsigned room)
{
	unsigned count = 0;

	while (count < room) {
		struct query query = {.size = sizeof(query), .flags = covering_or_next | file_backed, .address = address};

		if (ioctl(maps, QUERY, &query) != 0)
			return errno == ENOENT || count > 0 ? (int)count : -errno;
		vmas[count++] = (struct CPmem_vma){
			.start = query.start,
			.end = query.end,
			.offset = query.offset,
			.inode = query.inode,
			.device = makedev(query.major, query.minor),
			.flags = (uint32_t)query.vma_flags,
		};
		address = query.end;
	}
	return (int)count;
}

int CPmem_mapping_name(int maps, uint64_t address, char *name, unsigned room)
{
	struct query query = {
		.size = sizeof(query),
		.address = address,
		.name_size = room,
		.name = (uintptr_t)name,
	};

	return ioctl(maps, QUERY, &query) != 0 ? -errno : (int)query.name_size;
}
