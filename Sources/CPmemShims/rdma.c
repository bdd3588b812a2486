#include "CPmemShims.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <rdma/rdma_netlink.h>
#include <string.h>

struct collection {
	struct CPmem_rdma_region *regions;
	unsigned room;
	unsigned count;
};

static struct nlmsghdr *question(char *buffer, unsigned command, unsigned sequence)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = (uint16_t)RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command);
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP;
	message->nlmsg_seq = sequence;
	return message;
}

// Sends a question and hands every answer to `each`. 0, or a negative error number.
static int ask(struct mnl_socket *socket, struct nlmsghdr *message, mnl_cb_t each, void *data)
{
	char buffer[16384];

	if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (got < 0)
			return -errno;

		int state = mnl_cb_run(buffer, (size_t)got, message->nlmsg_seq, mnl_socket_get_portid(socket), each, data);

		if (state <= MNL_CB_STOP)
			return state < 0 ? -errno : 0;
	}
}

static int take_region(const struct nlattr *entry, struct collection *all)
{
	struct CPmem_rdma_region *region = &all->regions[all->count];
	const struct nlattr *attribute;

	if (all->count == all->room)
		return MNL_CB_STOP;
	mnl_attr_for_each_nested(attribute, entry) {
		switch (mnl_attr_get_type(attribute)) {
		case RDMA_NLDEV_ATTR_RES_PID:
			region->process = mnl_attr_get_u32(attribute);
			break;
		case RDMA_NLDEV_ATTR_RES_MRLEN:
			region->length = mnl_attr_get_u64(attribute);
			break;
		case RDMA_NLDEV_ATTR_RES_MRN:
			region->number = mnl_attr_get_u32(attribute);
			break;
		}
	}
	// Those of the kernel's own have no process.
	if (region->process != 0)
		all->count++;
	return MNL_CB_OK;
}

static int each_region(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *table, *entry;

	mnl_attr_for_each(table, message, 0) {
		if (mnl_attr_get_type(table) != RDMA_NLDEV_ATTR_RES_MR)
			continue;
		mnl_attr_for_each_nested(entry, table)
			if (take_region(entry, data) != MNL_CB_OK)
				return MNL_CB_OK;
	}
	return MNL_CB_OK;
}

struct device {
	uint32_t index;
	char name[64];
};

struct devices {
	struct device all[64];
	unsigned count;
};

static int each_device(const struct nlmsghdr *message, void *data)
{
	struct devices *devices = data;
	const struct nlattr *attribute;
	struct device device = {.index = UINT32_MAX};

	mnl_attr_for_each(attribute, message, 0) {
		if (mnl_attr_get_type(attribute) == RDMA_NLDEV_ATTR_DEV_INDEX)
			device.index = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == RDMA_NLDEV_ATTR_DEV_NAME)
			strncpy(device.name, mnl_attr_get_str(attribute), sizeof(device.name) - 1);
	}
	if (device.index != UINT32_MAX && devices->count < sizeof(devices->all) / sizeof(devices->all[0]))
		devices->all[devices->count++] = device;
	return MNL_CB_OK;
}

static int collect(struct mnl_socket *socket, struct collection *all)
{
	char buffer[1024];
	struct devices devices = {.count = 0};
	int error;

	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	error = ask(socket, question(buffer, RDMA_NLDEV_CMD_GET, 1), each_device, &devices);
	for (unsigned index = 0; error == 0 && index < devices.count; index++) {
		struct nlmsghdr *message = question(buffer, RDMA_NLDEV_CMD_RES_MR_GET, index + 2);
		unsigned first = all->count;

		mnl_attr_put_u32(message, RDMA_NLDEV_ATTR_DEV_INDEX, devices.all[index].index);
		error = ask(socket, message, each_region, all);
		for (unsigned region = first; region < all->count; region++)
			memcpy(all->regions[region].device, devices.all[index].name, sizeof(all->regions[region].device));
	}
	return error;
}

int CPmem_rdma_regions(struct CPmem_rdma_region *regions, unsigned room)
{
	struct collection all = {.regions = regions, .room = room};
	struct mnl_socket *socket = mnl_socket_open(NETLINK_RDMA);
	int error;

	if (socket == NULL)
		return -errno;
	memset(regions, 0, room * sizeof(*regions));
	error = collect(socket, &all);
	mnl_socket_close(socket);
	return error < 0 ? error : (int)all.count;
}
