#define _GNU_SOURCE
#include "CPmemShims.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

// include/uapi/linux/fs.h of 6.7 and later, which older headers lack.
struct scan_region {
	uint64_t start, end, categories;
};

struct scan_argument {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

enum {
	scan_present = 1 << 3,
	scan_huge = 1 << 6,
	scan_room = 512,
};

#define SCAN _IOWR('f', 16, struct scan_argument)

int CPmem_pagemap_scan(int pagemap, uint64_t start, uint64_t end, struct CPmem_population *population)
{
	struct scan_region regions[scan_room];
	struct scan_argument argument = {
		.size = sizeof(argument),
		.start = start,
		.end = end,
		.vec = (uintptr_t)regions,
		.vec_len = scan_room,
		.category_mask = scan_present,
		.return_mask = scan_present | scan_huge,
	};

	memset(population, 0, sizeof(*population));
	while (argument.start < end) {
		int count = ioctl(pagemap, SCAN, &argument);

		if (count < 0)
			return errno;
		for (int index = 0; index < count; index++) {
			uint64_t bytes = regions[index].end - regions[index].start;

			if (regions[index].categories & scan_huge)
				population->huge_bytes += bytes;
			else
				population->small_bytes += bytes;
		}
		if (argument.walk_end <= argument.start)
			break;
		argument.start = argument.walk_end;
	}
	return 0;
}

int CPmem_fiemap(int file, uint64_t start, uint64_t length, struct CPmem_extent *extents, unsigned room)
{
	struct fiemap *map = calloc(1, sizeof(*map) + room * sizeof(struct fiemap_extent));
	int result;

	if (map == NULL)
		return -ENOMEM;
	map->fm_start = start;
	map->fm_length = length;
	map->fm_extent_count = room;
	result = ioctl(file, FS_IOC_FIEMAP, map) < 0 ? -errno : (int)map->fm_mapped_extents;
	for (int index = 0; index < result; index++) {
		const struct fiemap_extent *extent = &map->fm_extents[index];

		extents[index] = (struct CPmem_extent){
			.logical = extent->fe_logical,
			.physical = extent->fe_physical,
			.length = extent->fe_length,
			.flags = extent->fe_flags,
		};
	}
	free(map);
	return result;
}

const uint32_t CPmem_extent_last = FIEMAP_EXTENT_LAST;
const uint32_t CPmem_extent_unplaced = FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_DATA_INLINE;

int CPmem_is_dax(int file)
{
	const uint64_t dax = 0x200000;
	struct statx facts;

	if (statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &facts) != 0 || !(facts.stx_attributes_mask & dax))
		return -1;
	return (facts.stx_attributes & dax) != 0;
}

int CPmem_stat(int directory, const char *name, struct CPmem_file *file)
{
	struct statx facts;

	// Answered from the kernel's caches: a filesystem whose server does not respond (FUSE, NFS) is not asked, and does not
	// hang.
	if (statx(directory, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MODE | STATX_INO, &facts) != 0)
		return errno;
	*file = (struct CPmem_file){
		.device = makedev(facts.stx_dev_major, facts.stx_dev_minor),
		.inode = facts.stx_ino,
		.special_device = makedev(facts.stx_rdev_major, facts.stx_rdev_minor),
		.mode = facts.stx_mode,
	};
	return 0;
}
