#include "CPmemBPF.h"
#include "program.h"

#include <errno.h>
#include <string.h>

// The first description that a kernel gets is its own: that of a module or a program comes later.
static int open_types(void)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.btf_id = 1;
	return bpf_call(BPF_BTF_GET_FD_BY_ID, &attributes);
}

int64_t CPmem_kernel_types(void *buffer, uint32_t size)
{
	char name[8] = "";
	struct bpf_btf_info info = {
		.btf = (uintptr_t)buffer, .btf_size = size, .name = (uintptr_t)name, .name_len = sizeof(name)};
	union bpf_attr attributes;
	int types = open_types();

	if (types < 0)
		return -errno;
	memset(&attributes, 0, sizeof(attributes));
	attributes.info.bpf_fd = (uint32_t)types;
	attributes.info.info_len = sizeof(info);
	attributes.info.info = (uintptr_t)&info;

	int error = bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attributes) == 0 ? 0 : errno;

	close(types);
	if (error != 0)
		return -error;
	return info.kernel_btf && strcmp(name, "vmlinux") == 0 ? info.btf_size : -ENOENT;
}
