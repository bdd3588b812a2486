// The few instructions that these programs consist of (with the names of the kernel's include/linux/filter.h), and
// bpf(2) itself, which no C library wraps.
#pragma once

#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOVE(to, from) {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from)}
#define SET(to, value) {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (value)}
#define ADD(to, from) {.code = BPF_ALU64 | BPF_ADD | BPF_X, .dst_reg = (to), .src_reg = (from)}
#define ADD_VALUE(to, value) {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (to), .imm = (value)}
#define AND_VALUE(to, value) {.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = (to), .imm = (value)}
#define OR(to, from) {.code = BPF_ALU64 | BPF_OR | BPF_X, .dst_reg = (to), .src_reg = (from)}
#define SHIFT_LEFT(to, bits) {.code = BPF_ALU64 | BPF_LSH | BPF_K, .dst_reg = (to), .imm = (bits)}
#define SHIFT_RIGHT(to, bits) {.code = BPF_ALU64 | BPF_RSH | BPF_K, .dst_reg = (to), .imm = (bits)}
// LOAD(width, to, from, offset): BPF_DW, BPF_W, BPF_H or BPF_B at an offset in bytes.
#define LOAD(width, to, from, offset) \
	{.code = BPF_LDX | (width) | BPF_MEM, .dst_reg = (to), .src_reg = (from), .off = (int16_t)(offset)}
#define STORE(width, to, offset, from) \
	{.code = BPF_STX | (width) | BPF_MEM, .dst_reg = (to), .src_reg = (from), .off = (int16_t)(offset)}
// Adds a register to 8 bytes of memory, and leaves there what they were.
#define FETCH_ADD(to, offset, from) \
	{.code = BPF_STX | BPF_DW | BPF_ATOMIC, .dst_reg = (to), .src_reg = (from), .off = (int16_t)(offset), .imm = BPF_ADD | BPF_FETCH}
// Two instructions: the address of a map, or of the value of an array map with one element.
#define MAP(to, map) {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = (to), .src_reg = BPF_PSEUDO_MAP_FD, .imm = (map)}, {.code = 0}
#define MAP_VALUE(to, map) \
	{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = (to), .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = (map)}, {.code = 0}
// Jumps count the instructions that they leap over.
#define IF(condition, left, right, over) \
	{.code = BPF_JMP | (condition) | BPF_X, .dst_reg = (left), .src_reg = (right), .off = (int16_t)(over)}
#define IF_VALUE(condition, left, value, over) \
	{.code = BPF_JMP | (condition) | BPF_K, .dst_reg = (left), .off = (int16_t)(over), .imm = (value)}
#define GO(over) {.code = BPF_JMP | BPF_JA, .off = (int16_t)(over)}
#define CALL(function) {.code = BPF_JMP | BPF_CALL, .imm = (function)}
// A function of the kernel's that programs may call, by its BTF id.
#define CALL_KERNEL(function) \
	{.code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = (int32_t)(function)}
#define RETURN(value) SET(0, value), {.code = BPF_JMP | BPF_EXIT}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline int bpf_call(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

// A map (enum bpf_map_type) with keys and values of so many bytes. A descriptor, or -1 with errno.
static inline int bpf_make_map(uint32_t type, uint32_t key, uint32_t value, uint32_t most, uint32_t flags)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_type = type;
	attributes.key_size = key;
	attributes.value_size = value;
	attributes.max_entries = most;
	attributes.map_flags = flags;
	return bpf_call(BPF_MAP_CREATE, &attributes);
}
