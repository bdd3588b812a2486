#include "CPmemBPF.h"
#include "program.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum {
	most_instructions = 96,
	character_device = 0020000,
	format_mask = 0170000,
	// The record is built at the bottom of the stack.
	record_at = -(int)sizeof(struct CPmem_file_user),
	// What a program for an iterator gets: pointers to these (struct bpf_iter__task_vma, struct bpf_iter__task_file).
	meta_at = 0,
	task_at = 8,
	vma_at = 16,
	descriptor_at = 16,
	file_at = 24,
};

// Registers that calls leave alone: 6 is the context, 7 the inode of the file's mapping, 8 the vma or the file, 9 the task.
struct code {
	struct bpf_insn all[most_instructions];
	unsigned count;
	// Jumps to the end.
	unsigned leaving[8];
	unsigned leaving_count;
};

#define PUT(code, ...) put(code, (const struct bpf_insn[]){__VA_ARGS__}, COUNT(((const struct bpf_insn[]){__VA_ARGS__})))

static void put(struct code *code, const struct bpf_insn *more, unsigned count)
{
	memcpy(&code->all[code->count], more, count * sizeof(*more));
	code->count += count;
}

// Ends the program where a register is 0.
static void leave_without(struct code *code, int wanted)
{
	code->leaving[code->leaving_count++] = code->count;
	PUT(code, IF_VALUE(BPF_JEQ, wanted, 0, 0));
}

// Copies a member of a structure into the record.
#define COPY(code, width, field, from, place) \
	PUT(code, LOAD(width, 1, from, place), \
	    STORE(width, 10, record_at + (int)offsetof(struct CPmem_file_user, field), 1))

// From the file in a register to the inode of its mapping: of a device what it stands for, of a file of an overlay the one
// behind it. Goes on only where its device is wanted: a device's own number, else that of its filesystem.
static void judge_file(struct code *code, const struct CPmem_file_layout *layout, int file, int table)
{
	const int device = record_at + (int)offsetof(struct CPmem_file_user, device);

	PUT(code, LOAD(BPF_DW, 7, file, layout->file_mapping));
	leave_without(code, 7);
	PUT(code, LOAD(BPF_DW, 7, 7, layout->mapping_host));
	leave_without(code, 7);
	PUT(code,
	    LOAD(BPF_W, 2, 7, layout->inode_device),
	    IF_VALUE(BPF_JNE, 2, 0, 3),
	    LOAD(BPF_DW, 3, 7, layout->inode_superblock),
	    LOAD(BPF_W, 2, 3, layout->superblock_device),
	    GO(6),
	    LOAD(BPF_H, 1, 7, layout->inode_mode),
	    AND_VALUE(1, format_mask),
	    IF_VALUE(BPF_JNE, 1, character_device, 3),
	    SET(1, 1),
	    SHIFT_LEFT(1, 32),
	    OR(2, 1),
	    STORE(BPF_DW, 10, device, 2),
	    MAP(1, table),
	    MOVE(2, 10),
	    ADD_VALUE(2, device),
	    CALL(BPF_FUNC_map_lookup_elem));
	leave_without(code, 0);
	COPY(code, BPF_DW, inode, 7, layout->inode_number);
	COPY(code, BPF_W, inode_flags, 7, layout->inode_flags);
	PUT(code,
	    LOAD(BPF_H, 1, 7, layout->inode_mode),
	    STORE(BPF_W, 10, record_at + (int)offsetof(struct CPmem_file_user, mode), 1));
}

static void tell_task(struct code *code, const struct CPmem_file_layout *layout)
{
	COPY(code, BPF_W, process, 9, layout->task_process);
	COPY(code, BPF_W, thread, 9, layout->task_thread);
	COPY(code, BPF_DW, memory, 9, layout->task_memory);
	COPY(code, BPF_DW, command[0], 9, layout->task_command);
	COPY(code, BPF_DW, command[8], 9, layout->task_command + 8);
}

// Attaches a program to the iterator, held to one process where it is not 0. Kernels before 6.1 know of no process: they are
// asked for all.
static int attach(int program, uint32_t process)
{
	// union bpf_iter_link_info, as far as tasks go: the thread, the process, a descriptor.
	const uint32_t task[] = {0, process, 0};
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.link_create.prog_fd = (uint32_t)program;
	attributes.link_create.attach_type = BPF_TRACE_ITER;
	if (process != 0) {
		attributes.link_create.iter_info = (uintptr_t)task;
		attributes.link_create.iter_info_len = sizeof(task);
	}

	int link = bpf_call(BPF_LINK_CREATE, &attributes);

	return link < 0 && process != 0 && (errno == EINVAL || errno == E2BIG) ? attach(program, 0) : link;
}

// Loads the program, with writing the record and leaving at its end, and starts the iterator.
static int start(struct code *code, uint32_t function, uint32_t process)
{
	union bpf_attr attributes;

	PUT(code,
	    LOAD(BPF_DW, 1, 6, meta_at),
	    LOAD(BPF_DW, 1, 1, 0),
	    MOVE(2, 10),
	    ADD_VALUE(2, record_at),
	    SET(3, sizeof(struct CPmem_file_user)),
	    CALL(BPF_FUNC_seq_write));
	for (unsigned index = 0; index < code->leaving_count; index++)
		code->all[code->leaving[index]].off = (int16_t)(code->count - code->leaving[index] - 1);
	PUT(code, RETURN(0));

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = BPF_PROG_TYPE_TRACING;
	attributes.expected_attach_type = BPF_TRACE_ITER;
	attributes.attach_btf_id = function;
	attributes.insns = (uintptr_t)code->all;
	attributes.insn_cnt = code->count;
	attributes.license = (uintptr_t)"GPL";

	int program = bpf_call(BPF_PROG_LOAD, &attributes);

	if (program < 0)
		return -errno;

	int link = attach(program, process);
	int result = -errno;

	close(program);
	if (link < 0)
		return result;
	memset(&attributes, 0, sizeof(attributes));
	attributes.iter_create.link_fd = (uint32_t)link;

	int iterator = bpf_call(BPF_ITER_CREATE, &attributes);

	result = iterator < 0 ? -errno : iterator;
	close(link);
	return result;
}

static int make_table(const uint64_t *keys, uint32_t count)
{
	union bpf_attr attributes;
	uint8_t value = 1;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_type = BPF_MAP_TYPE_HASH;
	attributes.key_size = sizeof(*keys);
	attributes.value_size = sizeof(value);
	attributes.max_entries = count > 0 ? count : 1;

	int table = bpf_call(BPF_MAP_CREATE, &attributes);

	if (table < 0)
		return -errno;
	for (uint32_t index = 0; index < count; index++) {
		memset(&attributes, 0, sizeof(attributes));
		attributes.map_fd = (uint32_t)table;
		attributes.key = (uintptr_t)&keys[index];
		attributes.value = (uintptr_t)&value;
		if (bpf_call(BPF_MAP_UPDATE_ELEM, &attributes) != 0) {
			int error = -errno;

			close(table);
			return error;
		}
	}
	return table;
}

int CPmem_iterate_mappings(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count, uint32_t process)
{
	struct code code = {.count = 0};
	int table = make_table(devices, count);

	if (table < 0)
		return table;
	PUT(&code, MOVE(6, 1), LOAD(BPF_DW, 9, 6, task_at));
	leave_without(&code, 9);
	PUT(&code, LOAD(BPF_DW, 8, 6, vma_at));
	leave_without(&code, 8);
	PUT(&code, LOAD(BPF_DW, 2, 8, layout->vma_file));
	leave_without(&code, 2);
	judge_file(&code, layout, 2, table);
	COPY(&code, BPF_DW, start, 8, layout->vma_start);
	COPY(&code, BPF_DW, end, 8, layout->vma_end);
	COPY(&code, BPF_DW, flags, 8, layout->vma_flags);
	COPY(&code, BPF_DW, offset, 8, layout->vma_offset);
	tell_task(&code, layout);

	int iterator = start(&code, layout->mappings_function, process);

	close(table);
	return iterator;
}

int CPmem_iterate_descriptors(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count,
			      uint32_t process)
{
	struct code code = {.count = 0};
	int table = make_table(devices, count);

	if (table < 0)
		return table;
	PUT(&code, MOVE(6, 1), LOAD(BPF_DW, 9, 6, task_at));
	leave_without(&code, 9);
	PUT(&code, LOAD(BPF_DW, 8, 6, file_at));
	leave_without(&code, 8);
	judge_file(&code, layout, 8, table);
	PUT(&code,
	    LOAD(BPF_W, 1, 6, descriptor_at),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, start), 1),
	    SET(1, 0),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, end), 1),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, flags), 1),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, offset), 1));
	tell_task(&code, layout);

	int iterator = start(&code, layout->descriptors_function, process);

	close(table);
	return iterator;
}
