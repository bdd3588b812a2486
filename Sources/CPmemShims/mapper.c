#include "CPmemShims.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { table_room = 1 << 16 };

// The kernel's number of a device in an ioctl: new_encode_dev().
static uint64_t encoded(unsigned major, unsigned minor)
{
	return (minor & 0xff) | (uint64_t)major << 8 | (uint64_t)(minor & ~0xffu) << 12;
}

// The lines of an answered DM_TABLE_STATUS; its targets are chained by offsets from the first one.
static int print_table(const struct dm_ioctl *answer, char *text, unsigned room)
{
	const char *first = (const char *)answer + answer->data_start;
	uint32_t offset = 0;
	int length = 0;

	for (uint32_t index = 0; index < answer->target_count; index++) {
		const struct dm_target_spec *target = (const struct dm_target_spec *)(first + offset);

		if (answer->data_start + offset + sizeof(*target) > table_room)
			return -EINVAL;

		int more = snprintf(text + length, room - (unsigned)length, "%llu %llu %.16s %s\n",
				    (unsigned long long)target->sector_start, (unsigned long long)target->length,
				    target->target_type, (const char *)(target + 1));

		if (more < 0 || (unsigned)(length + more) >= room)
			return -ENOSPC;
		length += more;
		offset = target->next;
	}
	return length;
}

int CPmem_dm_table(unsigned major, unsigned minor, char *text, unsigned room)
{
	int control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	if (control < 0)
		return -errno;

	struct dm_ioctl *request = calloc(1, table_room);
	int result;

	if (request == NULL) {
		close(control);
		return -ENOMEM;
	}
	request->version[0] = DM_VERSION_MAJOR;
	request->data_size = table_room - 1;
	request->data_start = sizeof(*request);
	request->flags = DM_STATUS_TABLE_FLAG;
	request->dev = encoded(major, minor);
	if (ioctl(control, DM_TABLE_STATUS, request) != 0)
		result = -errno;
	else if (request->flags & DM_BUFFER_FULL_FLAG)
		result = -ENOSPC;
	else
		result = print_table(request, text, room);
	free(request);
	close(control);
	return result;
}
