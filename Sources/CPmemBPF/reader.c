#define _GNU_SOURCE
#include "CPmemBPF.h"
#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	chunk = 1 << 20,
	// Of one element of a gathering read, and the most elements: the verifier walks through each.
	element = 128,
	most_elements = 512,
};

const uint32_t CPmem_reader_chunk = chunk;
const uint32_t CPmem_reader_element = element;
const uint32_t CPmem_reader_elements = most_elements;

struct CPmem_reader {
	int map;
	int reads;
	// Loaded when it is first needed.
	int gathers;
	void *data;
};

// The arguments of the program, and its result.
struct request {
	uint64_t address;
	uint32_t size;
	uint32_t count;
	uint64_t stride;
	int64_t result;
};

enum {
	address_at = 0,
	size_at = 8,
	count_at = 12,
	stride_at = 16,
	result_at = 24,
};

static int load(const struct bpf_insn *program, size_t count)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = BPF_PROG_TYPE_SYSCALL;
	attributes.insns = (uintptr_t)program;
	attributes.insn_cnt = (uint32_t)count;
	attributes.license = (uintptr_t)"GPL";
	attributes.prog_flags = BPF_F_SLEEPABLE;
	return bpf_call(BPF_PROG_LOAD, &attributes);
}

// bpf_probe_read_kernel(value of the map, request->size, request->address), with the result in request->result. It
// takes no reference, changes nothing, and needs no compiler on the host.
static int load_reading(int map)
{
	const struct bpf_insn program[] = {
		MOVE(6, 1),
		LOAD(BPF_DW, 3, 6, address_at),
		LOAD(BPF_W, 2, 6, size_at),
		IF_VALUE(BPF_JGT, 2, chunk, 6),
		MAP_VALUE(1, map),
		CALL(BPF_FUNC_probe_read_kernel),
		STORE(BPF_DW, 6, result_at, 0),
		RETURN(0),
		RETURN(1),
	};

	return load(program, COUNT(program));
}

// The same for request->count elements, request->stride apart; the first that cannot be read ends it.
static int load_gathering(int map)
{
	const struct bpf_insn program[] = {
		MOVE(6, 1),
		LOAD(BPF_W, 7, 6, count_at),
		LOAD(BPF_DW, 9, 6, address_at),
		SET(8, 0),
		SET(0, 0),
		// Loop: 5.
		IF(BPF_JGE, 8, 7, 14),
		IF_VALUE(BPF_JGE, 8, most_elements, 13),
		MAP_VALUE(1, map),
		MOVE(2, 8),
		SHIFT_LEFT(2, 7),
		ADD(1, 2),
		SET(2, element),
		MOVE(3, 9),
		CALL(BPF_FUNC_probe_read_kernel),
		IF_VALUE(BPF_JNE, 0, 0, 4),
		LOAD(BPF_DW, 2, 6, stride_at),
		ADD(9, 2),
		ADD_VALUE(8, 1),
		GO(-15),
		// Done: 20.
		STORE(BPF_DW, 6, result_at, 0),
		RETURN(0),
	};

	return load(program, COUNT(program));
}

// bpf_kallsyms_lookup_name(value of the map, request->size, 0, address of a word on the stack).
static int load_looking_up(int map, uint32_t length)
{
	const struct bpf_insn program[] = {
		MOVE(6, 1),
		SET(1, 0),
		STORE(BPF_DW, 10, -8, 1),
		MAP_VALUE(1, map),
		SET(2, (int32_t)length),
		SET(3, 0),
		MOVE(4, 10),
		ADD_VALUE(4, -8),
		CALL(BPF_FUNC_kallsyms_lookup_name),
		STORE(BPF_DW, 6, result_at, 0),
		LOAD(BPF_DW, 1, 10, -8),
		STORE(BPF_DW, 6, address_at, 1),
		RETURN(0),
	};

	return load(program, COUNT(program));
}

static int run(int program, struct request *request)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.test.prog_fd = (uint32_t)program;
	attributes.test.ctx_in = (uintptr_t)request;
	attributes.test.ctx_size_in = sizeof(*request);
	if (bpf_call(BPF_PROG_TEST_RUN, &attributes) != 0)
		return errno;
	if (attributes.test.retval != 0)
		return EINVAL;
	return request->result == 0 ? 0 : (int)-request->result;
}

struct CPmem_reader *CPmem_reader_open(int *error)
{
	struct CPmem_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		*error = ENOMEM;
		return NULL;
	}
	reader->reads = reader->gathers = -1;
	reader->data = MAP_FAILED;
	reader->map = bpf_make_map(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), chunk, 1, BPF_F_MMAPABLE);
	if (reader->map >= 0)
		reader->data = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_SHARED, reader->map, 0);
	if (reader->data != MAP_FAILED)
		reader->reads = load_reading(reader->map);
	if (reader->reads >= 0)
		return reader;
	*error = errno;
	CPmem_reader_close(reader);
	return NULL;
}

int CPmem_reader_read(struct CPmem_reader *reader, uint64_t address, uint32_t size)
{
	struct request request = {.address = address, .size = size};

	return run(reader->reads, &request);
}

int CPmem_reader_gather(struct CPmem_reader *reader, uint64_t address, uint64_t stride, uint32_t count)
{
	struct request request = {.address = address, .count = count, .stride = stride};

	if (count > most_elements)
		return EINVAL;
	if (reader->gathers < 0)
		reader->gathers = load_gathering(reader->map);
	return reader->gathers < 0 ? errno : run(reader->gathers, &request);
}

int CPmem_reader_symbol(struct CPmem_reader *reader, const char *name, uint64_t *address)
{
	struct request request = {0};
	size_t length = strlen(name) + 1;

	memcpy(reader->data, name, length);

	int program = load_looking_up(reader->map, (uint32_t)length);

	if (program < 0)
		return errno;

	int error = run(program, &request);

	close(program);
	*address = request.address;
	return error;
}

const void *CPmem_reader_data(const struct CPmem_reader *reader)
{
	return reader->data;
}

void CPmem_reader_close(struct CPmem_reader *reader)
{
	if (reader->data != MAP_FAILED)
		munmap(reader->data, chunk);
	if (reader->gathers >= 0)
		close(reader->gathers);
	if (reader->reads >= 0)
		close(reader->reads);
	if (reader->map >= 0)
		close(reader->map);
	free(reader);
}
