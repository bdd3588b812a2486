#define _GNU_SOURCE
#include "CPmemShims.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	// The kernel's own multicast group; the other is udev's.
	kernel_group = 1,
	// One change brings several events: quiet for so long, they are over.
	quiet_ms = 200,
	most_quiet_ms = 2000,
};

struct CPmem_events {
	// NULL if there is none, as in some containers.
	struct mnl_socket *socket;
	// The socket's first, with -1 for none; then the attributes'.
	struct pollfd *ready;
	size_t count;
};

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_KOBJECT_UEVENT, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (socket == NULL)
		return NULL;
	if (mnl_socket_bind(socket, kernel_group, MNL_SOCKET_AUTOPID) == 0)
		return socket;
	mnl_socket_close(socket);
	return NULL;
}

struct CPmem_events *CPmem_events_open(void)
{
	struct CPmem_events *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return NULL;
	events->ready = calloc(1, sizeof(*events->ready));
	if (events->ready == NULL) {
		free(events);
		return NULL;
	}
	events->socket = open_socket();
	events->ready[0] = (struct pollfd){
		.fd = events->socket == NULL ? -1 : mnl_socket_get_fd(events->socket), .events = POLLIN};
	events->count = 1;
	return events;
}

// sysfs announces changes since the last read from the start (Documentation/filesystems/sysfs.rst).
static int read_again(int descriptor)
{
	char buffer[4096];
	ssize_t got;

	do
		got = pread(descriptor, buffer, sizeof(buffer), 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : 0;
}

int CPmem_events_watch(struct CPmem_events *events, const char *path)
{
	struct pollfd *grown = reallocarray(events->ready, events->count + 1, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	events->ready = grown;
	grown[events->count] = (struct pollfd){.fd = open(path, O_RDONLY | O_CLOEXEC), .events = POLLPRI};
	if (grown[events->count].fd < 0)
		return -errno;
	(void)read_again(grown[events->count].fd);
	return (int)events->count++;
}

int CPmem_events_is_notified(const struct CPmem_events *events, int index)
{
	return index > 0 && (size_t)index < events->count && events->ready[index].revents != 0;
}

void CPmem_events_close(struct CPmem_events *events)
{
	for (size_t index = 1; index < events->count; index++)
		if (events->ready[index].fd >= 0)
			close(events->ready[index].fd);
	if (events->socket != NULL)
		mnl_socket_close(events->socket);
	free(events->ready);
	free(events);
}

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// An event is a header and then its variables, each ended by a zero.
static int is_wanted(const char *bytes, size_t count)
{
	static const char *const wanted[] = {"SUBSYSTEM=nd", "SUBSYSTEM=dax", "SUBSYSTEM=cxl"};

	for (size_t at = 0; at < count; at += strnlen(bytes + at, count - at) + 1)
		for (unsigned index = 0; index < sizeof(wanted) / sizeof(*wanted); index++)
			if (strncmp(bytes + at, wanted[index], count - at) == 0)
				return 1;
	return 0;
}

// Takes all that is there: 1 if one of them is wanted, also if some were lost.
static int drain(struct mnl_socket *socket)
{
	char buffer[8192];
	int found = 0;

	for (;;) {
		ssize_t got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer) - 1);

		if (got < 0 && errno == ENOBUFS)
			found = 1;
		else if (got < 0 && errno != ENOSPC)
			return found;
		else if (got > 0)
			found |= is_wanted(buffer, (size_t)got);
	}
}

// Reads the attributes that poll(2) has named; 1 if there are any.
static int take_attributes(struct CPmem_events *events)
{
	int found = 0;

	for (size_t index = 1; index < events->count; index++) {
		struct pollfd *ready = &events->ready[index];

		if (ready->revents == 0)
			continue;
		found = 1;
		// Of a device that is gone it would be ready for ever (fs/kernfs/file.c:kernfs_fop_poll).
		if (read_again(ready->fd) < 0) {
			close(ready->fd);
			ready->fd = -1;
		}
	}
	return found;
}

int CPmem_events_wait(struct CPmem_events *events, int milliseconds)
{
	const int64_t start = now_ms();

	for (;;) {
		int64_t left = start + milliseconds - now_ms();

		if (milliseconds >= 0 && left <= 0)
			return 0;
		if (poll(events->ready, events->count, milliseconds < 0 ? -1 : (int)left) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (take_attributes(events))
			return 1;
		if (events->socket == NULL || !drain(events->socket))
			continue;

		const int64_t first = now_ms();

		while (now_ms() - first < most_quiet_ms && poll(events->ready, 1, quiet_ms) > 0)
			drain(events->socket);
		for (size_t index = 1; index < events->count; index++)
			events->ready[index].revents = 0;
		return 1;
	}
}
