// A program for one of the kernel's iterators, as it is put together and loaded.
#pragma once

#include "CPmemBPF.h"
#include "program.h"

enum {
	// The context of a program for an iterator over tasks: pointers to these (struct bpf_iter__task, bpf_iter__task_vma,
	// bpf_iter__task_file).
	meta_at = 0,
	task_at = 8,
	vma_at = 16,
	descriptor_at = 16,
	file_at = 24,
};

// Jumps that land together.
struct jumps {
	unsigned from[64];
	unsigned count;
};

struct code {
	struct bpf_insn all[1024];
	unsigned count;
};

#define PUT(code, ...) code_put(code, (const struct bpf_insn[]){__VA_ARGS__}, COUNT(((const struct bpf_insn[]){__VA_ARGS__})))

void code_put(struct code *code, const struct bpf_insn *more, unsigned count);

// Puts a jump whose goal is not known yet.
void code_jump(struct code *code, struct jumps *jumps, struct bpf_insn jump);

// The goal of all of them is what is put next.
void patch_jumps(struct code *code, struct jumps *jumps);

// Jumps if a register is 0.
void emit_jump_if_null(struct code *code, struct jumps *jumps, int wanted);

// From the file in a register to the inode of its mapping, in register 7: for a device the block device's, for a file
// of an overlay the real file's. Jumps if its device is not in a table: a device's own number, otherwise that of its
// filesystem. That number is left on the stack, in the 8 bytes at `device_at`.
void emit_match_device(struct code *code, const struct CPmem_file_layout *layout, int file, int table, int device_at,
		     struct jumps *unwanted);

// Writes a part of the stack to the reader of the iterator; the context is in register 6.
void emit_seq_write(struct code *code, int at, uint32_t size);

// A hash table whose keys are these numbers of devices. A descriptor, or a negative error number.
int make_device_table(const uint64_t *keys, uint32_t count);

// Loads the iterator program that a function builds. Returns a descriptor, or a negative error number.
int code_load(const struct code *code, uint32_t function);
