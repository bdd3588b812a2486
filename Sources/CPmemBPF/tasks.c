// Which tasks have to be looked at in /proc: most have nothing there that is asked for, and the kernel passes over them in a
// hundredth of the time.
#include "code.h"

#include <errno.h>
#include <stddef.h>

enum {
	number_at = -8,
	key_at = -16,
	value_at = -24,
	// More namespaces than these are reported once for each of their threads.
	most_namespaces = 1 << 16,
	// include/uapi/linux/magic.h.
	anonymous_magic = 0x09041934,
	character_device = 0020000,
	format_mask = 0170000,
	major_shift = 20,
	// Documentation/admin-guide/devices.txt: memory, terminals, consoles, pseudoterminals.
	memory_major = 1,
	terminal_major = 4,
	console_major = 5,
	first_pseudoterminal = 136,
	last_pseudoterminal = 143,
};

int CPmem_load_mount_namespaces(const struct CPmem_file_layout *layout)
{
	struct code code = {.count = 0};
	struct jumps end = {.count = 0};

	if (layout->tasks_function == 0 || layout->task_namespaces == 0)
		return -ENOTSUP;

	const int seen = bpf_make_map(BPF_MAP_TYPE_HASH, sizeof(uint64_t), sizeof(uint64_t), most_namespaces, BPF_F_NO_PREALLOC);

	if (seen < 0)
		return -errno;
	// Registers: 6 the context, 9 the task. A task that ends has no namespaces any more.
	PUT(&code, MOVE(6, 1), LOAD(BPF_DW, 9, 6, task_at));
	emit_jump_if_null(&code, &end, 9);
	PUT(&code, LOAD(BPF_DW, 1, 9, layout->task_namespaces));
	emit_jump_if_null(&code, &end, 1);
	PUT(&code, LOAD(BPF_DW, 1, 1, layout->namespaces_mounts));
	emit_jump_if_null(&code, &end, 1);
	PUT(&code,
	    STORE(BPF_DW, 10, key_at, 1),
	    MAP(1, seen),
	    MOVE(2, 10),
	    ADD_VALUE(2, key_at),
	    CALL(BPF_FUNC_map_lookup_elem));
	code_jump(&code, &end, (struct bpf_insn)IF_VALUE(BPF_JNE, 0, 0, 0));
	PUT(&code,
	    SET(1, 0),
	    STORE(BPF_DW, 10, value_at, 1),
	    MAP(1, seen),
	    MOVE(2, 10),
	    ADD_VALUE(2, key_at),
	    MOVE(3, 10),
	    ADD_VALUE(3, value_at),
	    SET(4, BPF_ANY),
	    CALL(BPF_FUNC_map_update_elem),
	    LOAD(BPF_W, 1, 9, layout->task_thread),
	    STORE(BPF_W, 10, number_at, 1));
	emit_seq_write(&code, number_at, sizeof(uint32_t));
	patch_jumps(&code, &end);
	PUT(&code, RETURN(0));

	const int program = code_load(&code, layout->tasks_function);

	close(seen);
	return program;
}

int CPmem_load_ring_holders(const struct CPmem_file_layout *layout)
{
	struct code code = {.count = 0};
	struct jumps end = {.count = 0}, found = {.count = 0};

	if (layout->superblock_magic == 0)
		return -ENOTSUP;

	// The process that was reported last: its descriptors are one behind the other.
	const int last = bpf_make_map(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(uint64_t), 1, 0);

	if (last < 0)
		return -errno;
	// Registers: 6 the context, 7 the inode, 8 the last process, 9 the task.
	PUT(&code, MOVE(6, 1), LOAD(BPF_DW, 9, 6, task_at));
	emit_jump_if_null(&code, &end, 9);
	PUT(&code, LOAD(BPF_DW, 7, 6, file_at));
	emit_jump_if_null(&code, &end, 7);
	PUT(&code, LOAD(BPF_DW, 7, 7, layout->file_inode));
	emit_jump_if_null(&code, &end, 7);
	PUT(&code, LOAD(BPF_DW, 1, 7, layout->inode_superblock));
	emit_jump_if_null(&code, &end, 1);
	PUT(&code, LOAD(BPF_DW, 1, 1, layout->superblock_magic));
	code_jump(&code, &found, (struct bpf_insn)IF_VALUE(BPF_JEQ, 1, anonymous_magic, 0));
	PUT(&code, LOAD(BPF_H, 1, 7, layout->inode_mode), AND_VALUE(1, format_mask));
	code_jump(&code, &end, (struct bpf_insn)IF_VALUE(BPF_JNE, 1, character_device, 0));
	PUT(&code, LOAD(BPF_W, 1, 7, layout->inode_device), SHIFT_RIGHT(1, major_shift));
	code_jump(&code, &end, (struct bpf_insn)IF_VALUE(BPF_JEQ, 1, memory_major, 0));
	code_jump(&code, &end, (struct bpf_insn)IF_VALUE(BPF_JEQ, 1, terminal_major, 0));
	code_jump(&code, &end, (struct bpf_insn)IF_VALUE(BPF_JEQ, 1, console_major, 0));
	PUT(&code, IF_VALUE(BPF_JLT, 1, first_pseudoterminal, 1));
	code_jump(&code, &end, (struct bpf_insn)IF_VALUE(BPF_JLE, 1, last_pseudoterminal, 0));
	patch_jumps(&code, &found);
	PUT(&code,
	    MAP_VALUE(8, last),
	    LOAD(BPF_W, 1, 9, layout->task_process),
	    LOAD(BPF_DW, 2, 8, 0));
	code_jump(&code, &end, (struct bpf_insn)IF(BPF_JEQ, 1, 2, 0));
	PUT(&code, STORE(BPF_DW, 8, 0, 1), STORE(BPF_W, 10, number_at, 1));
	emit_seq_write(&code, number_at, sizeof(uint32_t));
	patch_jumps(&code, &end);
	PUT(&code, RETURN(0));

	const int program = code_load(&code, layout->descriptors_function);

	close(last);
	return program;
}
