#define _GNU_SOURCE
#include "CPmemBPF.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { chunk = 1 << 20 };

const uint32_t CPmem_reader_chunk = chunk;

struct CPmem_reader {
	int map;
	int program;
	void *data;
};

// What the program is given, and gives back.
struct request {
	uint64_t address;
	uint32_t size;
	uint32_t unused;
	int64_t result;
};

static int bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int make_map(void)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_type = BPF_MAP_TYPE_ARRAY;
	attributes.key_size = sizeof(uint32_t);
	attributes.value_size = chunk;
	attributes.max_entries = 1;
	attributes.map_flags = BPF_F_MMAPABLE;
	return bpf(BPF_MAP_CREATE, &attributes);
}

// bpf_probe_read_kernel(value of the map, request->size, request->address), with the result in request->result. It takes
// no reference, changes nothing, and needs no compiler where it is loaded.
static int load_program(int map)
{
	const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
		{.code = BPF_LDX | BPF_DW | BPF_MEM, .dst_reg = 3, .src_reg = 6, .off = 0},
		{.code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = 2, .src_reg = 6, .off = 8},
		{.code = BPF_JMP | BPF_JGT | BPF_K, .dst_reg = 2, .off = 6, .imm = chunk},
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = map},
		{.code = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel},
		{.code = BPF_STX | BPF_DW | BPF_MEM, .dst_reg = 6, .src_reg = 0, .off = 16},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = BPF_PROG_TYPE_SYSCALL;
	attributes.insns = (uintptr_t)program;
	attributes.insn_cnt = sizeof(program) / sizeof(program[0]);
	attributes.license = (uintptr_t)"GPL";
	attributes.prog_flags = BPF_F_SLEEPABLE;
	return bpf(BPF_PROG_LOAD, &attributes);
}

struct CPmem_reader *CPmem_reader_open(int *error)
{
	struct CPmem_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		*error = ENOMEM;
		return NULL;
	}
	reader->program = -1;
	reader->data = MAP_FAILED;
	reader->map = make_map();
	if (reader->map >= 0)
		reader->data = mmap(NULL, chunk, PROT_READ, MAP_SHARED, reader->map, 0);
	if (reader->data != MAP_FAILED)
		reader->program = load_program(reader->map);
	if (reader->program >= 0)
		return reader;
	*error = errno;
	CPmem_reader_close(reader);
	return NULL;
}

int CPmem_reader_read(struct CPmem_reader *reader, uint64_t address, uint32_t size)
{
	struct request request = {.address = address, .size = size};
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.test.prog_fd = (uint32_t)reader->program;
	attributes.test.ctx_in = (uintptr_t)&request;
	attributes.test.ctx_size_in = sizeof(request);
	if (bpf(BPF_PROG_TEST_RUN, &attributes) != 0)
		return errno;
	if (attributes.test.retval != 0)
		return EINVAL;
	return request.result == 0 ? 0 : (int)-request.result;
}

const void *CPmem_reader_data(const struct CPmem_reader *reader)
{
	return reader->data;
}

void CPmem_reader_close(struct CPmem_reader *reader)
{
	if (reader->data != MAP_FAILED)
		munmap(reader->data, chunk);
	if (reader->program >= 0)
		close(reader->program);
	if (reader->map >= 0)
		close(reader->map);
	free(reader);
}

int64_t CPmem_find(const void *text, uint64_t length, const void *wanted, uint64_t wanted_length)
{
	const char *found = memmem(text, length, wanted, wanted_length);

	return found == NULL ? -1 : found - (const char *)text;
}
