// floor: how long the kernel takes to show every mapping of every process to a BPF program that does nothing, the best of
// five, in milliseconds: no user of this iterator can take less.
//
// link: -lbpf
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int call(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(void)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct btf *types = btf__load_vmlinux_btf();
	int function = types == NULL ? -1 : btf__find_by_name_kind(types, "bpf_iter_task_vma", BTF_KIND_FUNC);
	union bpf_attr attributes;
	double best = 1e9;

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = BPF_PROG_TYPE_TRACING;
	attributes.expected_attach_type = BPF_TRACE_ITER;
	attributes.attach_btf_id = (uint32_t)function;
	attributes.insns = (uintptr_t)program;
	attributes.insn_cnt = 2;
	attributes.license = (uintptr_t)"GPL";

	int loaded = function < 0 ? -1 : call(BPF_PROG_LOAD, &attributes);

	memset(&attributes, 0, sizeof(attributes));
	attributes.link_create.prog_fd = (uint32_t)loaded;
	attributes.link_create.attach_type = BPF_TRACE_ITER;

	int link = loaded < 0 ? -1 : call(BPF_LINK_CREATE, &attributes);

	for (int round = 0; link >= 0 && round < 5; round++) {
		char nothing[64];

		memset(&attributes, 0, sizeof(attributes));
		attributes.iter_create.link_fd = (uint32_t)link;

		int iterator = call(BPF_ITER_CREATE, &attributes);
		double start = milliseconds();

		while (read(iterator, nothing, sizeof(nothing)) < 0 && errno == EAGAIN)
			;
		if (milliseconds() - start < best)
			best = milliseconds() - start;
		close(iterator);
	}
	printf("%.1f\n", best);
	return link < 0;
}
