#include "CPmemShims.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <time.h>

enum {
	// The kernel's own multicast group; the other is udev's.
	kernel_group = 1,
	// One change brings several events: quiet for so long, they are over.
	quiet_ms = 200,
	most_quiet_ms = 2000,
};

struct CPmem_events *CPmem_events_open(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_KOBJECT_UEVENT, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (socket == NULL)
		return NULL;
	if (mnl_socket_bind(socket, kernel_group, MNL_SOCKET_AUTOPID) == 0)
		return (struct CPmem_events *)socket;
	mnl_socket_close(socket);
	return NULL;
}

void CPmem_events_close(struct CPmem_events *events)
{
	mnl_socket_close((struct mnl_socket *)events);
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

int CPmem_events_wait(struct CPmem_events *events, int milliseconds)
{
	struct mnl_socket *socket = (struct mnl_socket *)events;
	struct pollfd ready = {.fd = mnl_socket_get_fd(socket), .events = POLLIN};
	const int64_t start = now_ms();

	for (;;) {
		int64_t left = start + milliseconds - now_ms();

		if (left <= 0)
			return 0;
		if (poll(&ready, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (!drain(socket))
			continue;

		const int64_t first = now_ms();

		while (now_ms() - first < most_quiet_ms && poll(&ready, 1, quiet_ms) > 0)
			drain(socket);
		return 1;
	}
}
