#include "code.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum {
	// The record is built at the bottom of the stack.
	record_at = -(int)sizeof(struct CPmem_file_user),
	device_at = record_at + (int)offsetof(struct CPmem_file_user, device),
};

// Copies a member of a structure into the record.
#define COPY(code, width, field, from, offset) \
	PUT(code, LOAD(width, 1, from, offset), \
	    STORE(width, 10, record_at + (int)offsetof(struct CPmem_file_user, field), 1))

// Of a file that is wanted, which one it is.
static void emit_file(struct code *code, const struct CPmem_file_layout *layout, int file, int table,
		      struct jumps *unwanted)
{
	PUT(code, STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, file), file));
	emit_match_device(code, layout, file, table, device_at, unwanted);
	PUT(code, STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, host), 7));
	COPY(code, BPF_DW, inode, 7, layout->inode_number);
	COPY(code, BPF_W, inode_flags, 7, layout->inode_flags);
	PUT(code,
	    LOAD(BPF_H, 1, 7, layout->inode_mode),
	    STORE(BPF_W, 10, record_at + (int)offsetof(struct CPmem_file_user, mode), 1));
}

static void emit_task(struct code *code, const struct CPmem_file_layout *layout)
{
	COPY(code, BPF_W, process, 9, layout->task_process);
	COPY(code, BPF_W, thread, 9, layout->task_thread);
	COPY(code, BPF_DW, memory, 9, layout->task_memory);
	COPY(code, BPF_DW, command[0], 9, layout->task_command);
	COPY(code, BPF_DW, command[8], 9, layout->task_command + 8);
}

// Writes the record, ends the program, and loads it.
static int load(struct code *code, struct jumps *unwanted, uint32_t function)
{
	emit_seq_write(code, record_at, sizeof(struct CPmem_file_user));
	patch_jumps(code, unwanted);
	PUT(code, RETURN(0));
	return code_load(code, function);
}

int CPmem_load_mappings(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count)
{
	struct code code = {.count = 0};
	struct jumps unwanted = {.count = 0};
	int table = make_device_table(devices, count);

	if (table < 0)
		return table;
	// Registers: 6 the context, 8 the mapping, 9 the task.
	PUT(&code, MOVE(6, 1), LOAD(BPF_DW, 9, 6, task_at));
	emit_jump_if_null(&code, &unwanted, 9);
	PUT(&code, LOAD(BPF_DW, 8, 6, vma_at));
	emit_jump_if_null(&code, &unwanted, 8);
	PUT(&code, LOAD(BPF_DW, 2, 8, layout->vma_file));
	emit_jump_if_null(&code, &unwanted, 2);
	emit_file(&code, layout, 2, table, &unwanted);
	COPY(&code, BPF_DW, start, 8, layout->vma_start);
	COPY(&code, BPF_DW, end, 8, layout->vma_end);
	COPY(&code, BPF_DW, flags, 8, layout->vma_flags);
	COPY(&code, BPF_DW, offset, 8, layout->vma_offset);
	emit_task(&code, layout);

	int program = load(&code, &unwanted, layout->mappings_function);

	close(table);
	return program;
}

int CPmem_load_descriptors(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count)
{
	struct code code = {.count = 0};
	struct jumps unwanted = {.count = 0};
	int table = make_device_table(devices, count);

	if (table < 0)
		return table;
	// Registers: 6 the context, 8 the file, 9 the task.
	PUT(&code, MOVE(6, 1), LOAD(BPF_DW, 9, 6, task_at));
	emit_jump_if_null(&code, &unwanted, 9);
	PUT(&code, LOAD(BPF_DW, 8, 6, file_at));
	emit_jump_if_null(&code, &unwanted, 8);
	emit_file(&code, layout, 8, table, &unwanted);
	PUT(&code,
	    LOAD(BPF_W, 1, 6, descriptor_at),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, start), 1),
	    SET(1, 0),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, end), 1),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, flags), 1),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, offset), 1));
	emit_task(&code, layout);

	int program = load(&code, &unwanted, layout->descriptors_function);

	close(table);
	return program;
}

// A directory of struct fs_struct, which is in register 8, by its number in the record and its offset in the structure.
static void emit_directory(struct code *code, const struct CPmem_file_layout *layout, int table, int number, uint32_t offset)
{
	struct jumps unwanted = {.count = 0};

	PUT(code, LOAD(BPF_DW, 7, 8, offset));
	emit_jump_if_null(code, &unwanted, 7);
	PUT(code, LOAD(BPF_DW, 3, 7, layout->dentry_superblock));
	emit_jump_if_null(code, &unwanted, 3);
	PUT(code,
	    LOAD(BPF_W, 2, 3, layout->superblock_device),
	    STORE(BPF_DW, 10, device_at, 2),
	    MAP(1, table),
	    MOVE(2, 10),
	    ADD_VALUE(2, device_at),
	    CALL(BPF_FUNC_map_lookup_elem));
	emit_jump_if_null(code, &unwanted, 0);
	COPY(code, BPF_DW, host, 7, layout->dentry_inode);
	PUT(code,
	    SET(1, number),
	    STORE(BPF_DW, 10, record_at + (int)offsetof(struct CPmem_file_user, start), 1));
	emit_task(code, layout);
	emit_seq_write(code, record_at, sizeof(struct CPmem_file_user));
	patch_jumps(code, &unwanted);
}

int CPmem_load_directories(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count)
{
	struct code code = {.count = 0};
	struct jumps unwanted = {.count = 0};

	if (layout->tasks_function == 0)
		return -ENOTSUP;

	int table = make_device_table(devices, count);

	if (table < 0)
		return table;
	// Registers: 6 the context, 8 the thread's directories, 9 the task.
	PUT(&code, MOVE(6, 1), LOAD(BPF_DW, 9, 6, task_at));
	emit_jump_if_null(&code, &unwanted, 9);
	PUT(&code, LOAD(BPF_DW, 8, 9, layout->task_directories));
	emit_jump_if_null(&code, &unwanted, 8);
	PUT(&code, SET(1, 0));
	for (int offset = record_at; offset < 0; offset += 8)
		PUT(&code, STORE(BPF_DW, 10, offset, 1));
	emit_directory(&code, layout, table, 0, layout->working_directory);
	emit_directory(&code, layout, table, 1, layout->root_directory);
	patch_jumps(&code, &unwanted);
	PUT(&code, RETURN(0));

	int program = code_load(&code, layout->tasks_function);

	close(table);
	return program;
}

int CPmem_iterate(int program, uint32_t process)
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

	if (link < 0)
		return process != 0 && (errno == EINVAL || errno == E2BIG) ? CPmem_iterate(program, 0) : -errno;
	memset(&attributes, 0, sizeof(attributes));
	attributes.iter_create.link_fd = (uint32_t)link;

	int iterator = bpf_call(BPF_ITER_CREATE, &attributes);
	int result = iterator < 0 ? -errno : iterator;

	close(link);
	return result;
}
