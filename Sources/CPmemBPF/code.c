#include "code.h"

#include <errno.h>
#include <string.h>

enum {
	character_device = 0020000,
	format_mask = 0170000,
};

void code_put(struct code *code, const struct bpf_insn *more, unsigned count)
{
	memcpy(&code->all[code->count], more, count * sizeof(*more));
	code->count += count;
}

void code_jump(struct code *code, struct jumps *jumps, struct bpf_insn jump)
{
	jumps->from[jumps->count++] = code->count;
	code_put(code, &jump, 1);
}

void patch_jumps(struct code *code, struct jumps *jumps)
{
	for (unsigned index = 0; index < jumps->count; index++)
		code->all[jumps->from[index]].off = (int16_t)(code->count - jumps->from[index] - 1);
	jumps->count = 0;
}

void emit_jump_if_null(struct code *code, struct jumps *jumps, int wanted)
{
	code_jump(code, jumps, (struct bpf_insn)IF_VALUE(BPF_JEQ, wanted, 0, 0));
}

void emit_match_device(struct code *code, const struct CPmem_file_layout *layout, int file, int table, int device_at,
		     struct jumps *unwanted)
{
	PUT(code, LOAD(BPF_DW, 7, file, layout->file_mapping));
	emit_jump_if_null(code, unwanted, 7);
	PUT(code, LOAD(BPF_DW, 7, 7, layout->mapping_host));
	emit_jump_if_null(code, unwanted, 7);
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
	    STORE(BPF_DW, 10, device_at, 2),
	    MAP(1, table),
	    MOVE(2, 10),
	    ADD_VALUE(2, device_at),
	    CALL(BPF_FUNC_map_lookup_elem));
	emit_jump_if_null(code, unwanted, 0);
}

void emit_seq_write(struct code *code, int at, uint32_t size)
{
	PUT(code,
	    LOAD(BPF_DW, 1, 6, meta_at),
	    LOAD(BPF_DW, 1, 1, 0),
	    MOVE(2, 10),
	    ADD_VALUE(2, at),
	    SET(3, (int32_t)size),
	    CALL(BPF_FUNC_seq_write));
}

int make_device_table(const uint64_t *keys, uint32_t count)
{
	union bpf_attr attributes;
	uint8_t value = 1;
	int table = bpf_make_map(BPF_MAP_TYPE_HASH, sizeof(*keys), sizeof(value), count > 0 ? count : 1, 0);

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

int code_load(const struct code *code, uint32_t function)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = BPF_PROG_TYPE_TRACING;
	attributes.expected_attach_type = BPF_TRACE_ITER;
	attributes.attach_btf_id = function;
	attributes.insns = (uintptr_t)code->all;
	attributes.insn_cnt = code->count;
	attributes.license = (uintptr_t)"GPL";

	int program = bpf_call(BPF_PROG_LOAD, &attributes);

	return program < 0 ? -errno : program;
}
