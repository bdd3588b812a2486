// Which processes have to be looked at: the others' mappings are passed over in a quarter of the time that the kernel's
// iterator over mappings takes, by reading the tree that holds them (include/linux/maple_tree.h) as it lies in memory.
//
// Nothing is locked, no reference is taken and nothing is written: reading memory that was freed meanwhile gives
// garbage, and does no harm. A process is skipped only if the reading was certainly consistent:
//
//   - its mappings did not change meanwhile: the count of write sections of its memory (mm_lock_seq) is even, and the
//     same before and after;
//   - as many mappings of its memory (vm_mm) were found as the kernel counts (map_count).
//
// In a kernel whose tree is not as it is thought to be here, nothing fulfils the second: all processes are looked at then.
#include "code.h"

#include <errno.h>
#include <stddef.h>

enum {
	// Nodes that were found and not read yet: of each level all but one, at most. A power of 2.
	most_pending = 128,
	// A process with more mappings has to be looked at.
	most_mappings = 1 << 18,
	most_nodes = 1 << 18,
	// The stack.
	nodes_at = -8,
	pairs_at = -16,
	sequence_at = -24,
	process_at = -32,
	device_at = -40,
	kept_context_at = -48,
	kept_task_at = -56,
	second_at = -64,
	// include/linux/maple_tree.h: nodes are 256 bytes; the low bits of a pointer to a node hold its type.
	node_mask = 0xff,
	type_shift = 3,
	type_mask = 0xf,
};

// The one value of a map: the state of the process that is being read.
struct walk {
	uint64_t memory;
	// The last file that was judged: most mappings have the file of their neighbours.
	uint64_t file;
	// That it has to be looked at.
	uint64_t is_candidate;
	uint64_t pending_count;
	uint64_t pending[most_pending];
};

#define AT(member) ((int)offsetof(struct walk, member))

struct maps {
	int walk;
	int devices;
};

// From an address in register 1 to something that can be read, in register 0.
static void cast(struct code *code, const struct CPmem_tree_layout *tree, uint32_t type)
{
	PUT(code, SET(2, (int32_t)type), CALL_KERNEL(tree->cast_function));
}

static void make_candidate(struct code *code)
{
	PUT(code, SET(1, 1), STORE(BPF_DW, 7, AT(is_candidate), 1));
}

// Numbers from 0: an iterator of the verifier's, for loops of which it does not have to see the end.
static void count_up(struct code *code, const struct CPmem_tree_layout *tree, int at, int32_t end)
{
	PUT(code, MOVE(1, 10), ADD_VALUE(1, at), SET(2, 0), SET(3, end), CALL_KERNEL(tree->numbers_new));
}

// The next number, at the address in register 0; jumps if there is none.
static void count_on(struct code *code, const struct CPmem_tree_layout *tree, int at, struct jumps *done)
{
	PUT(code, MOVE(1, 10), ADD_VALUE(1, at), CALL_KERNEL(tree->numbers_next));
	emit_jump_if_null(code, done, 0);
}

static void stop_counting(struct code *code, const struct CPmem_tree_layout *tree, int at)
{
	PUT(code, MOVE(1, 10), ADD_VALUE(1, at), CALL_KERNEL(tree->numbers_destroy));
}

// Walks the slots of the node in register 8, two at a time: their contents are in register 1 and on the stack. The
// slots follow the parent and the pivots, of which there is one fewer than slots. Kernel addresses are negative, and
// nothing else in a node is; two empty slots follow the last used one, because the tree merges adjacent empty slots
// (lib/maple_tree.c:mas_wr_extend_null). Returns where to continue.
static unsigned begin_slots(struct code *code, const struct CPmem_tree_layout *tree, uint32_t type, uint32_t slots,
			    struct jumps *done)
{
	count_up(code, tree, pairs_at, (int32_t)(slots / sizeof(uint64_t) / 2));

	const unsigned again = code->count;

	count_on(code, tree, pairs_at, done);
	PUT(code, LOAD(BPF_W, 1, 0, 0), SHIFT_LEFT(1, 4), ADD(1, 8));
	cast(code, tree, type);
	PUT(code,
	    LOAD(BPF_DW, 1, 0, slots),
	    LOAD(BPF_DW, 2, 0, slots + sizeof(uint64_t)),
	    STORE(BPF_DW, 10, second_at, 2),
	    IF_VALUE(BPF_JSLT, 1, 0, 1));
	code_jump(code, done, (struct bpf_insn)IF_VALUE(BPF_JSGE, 2, 0, 0));
	return again;
}

// Counts the mapping whose address register 1 may hold, and classifies its file. A pointer to anything else has no
// vm_mm: it reads as 0.
static void put_mapping(struct code *code, const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
			const struct maps *maps, struct jumps *done)
{
	struct jumps next = {.count = 0}, unwanted = {.count = 0};

	cast(code, tree, tree->vma_type);
	PUT(code, LOAD(BPF_DW, 1, 0, tree->vma_memory));
	code_jump(code, &next, (struct bpf_insn)IF(BPF_JNE, 1, 6, 0));
	PUT(code, ADD_VALUE(9, -1), LOAD(BPF_DW, 1, 0, layout->vma_file));
	emit_jump_if_null(code, &next, 1);
	PUT(code, LOAD(BPF_DW, 2, 7, AT(file)));
	code_jump(code, &next, (struct bpf_insn)IF(BPF_JEQ, 1, 2, 0));
	PUT(code, STORE(BPF_DW, 7, AT(file), 1));
	emit_match_device(code, layout, 1, maps->devices, device_at, &unwanted);
	PUT(code, MAP_VALUE(7, maps->walk));
	make_candidate(code);
	code_jump(code, done, (struct bpf_insn)GO(0));
	patch_jumps(code, &unwanted);
	// The classification clobbered the register.
	PUT(code, MAP_VALUE(7, maps->walk));
	patch_jumps(code, &next);
}

static void put_leaf(struct code *code, const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
		     const struct maps *maps)
{
	struct jumps done = {.count = 0};
	const unsigned again = begin_slots(code, tree, tree->leaf_type, tree->leaf_slots, &done);

	put_mapping(code, layout, tree, maps, &done);
	PUT(code, LOAD(BPF_DW, 1, 10, second_at));
	put_mapping(code, layout, tree, maps, &done);
	PUT(code, GO(again - code->count - 1));
	patch_jumps(code, &done);
	stop_counting(code, tree, pairs_at);
}

// Adds the node that register 1 may hold the address of to those that are pending.
static void put_child(struct code *code, struct jumps *full)
{
	struct jumps next = {.count = 0};

	code_jump(code, &next, (struct bpf_insn)IF_VALUE(BPF_JSGE, 1, 0, 0));
	PUT(code, LOAD(BPF_DW, 2, 7, AT(pending_count)));
	code_jump(code, full, (struct bpf_insn)IF_VALUE(BPF_JGE, 2, most_pending, 0));
	PUT(code,
	    MOVE(3, 2),
	    ADD_VALUE(2, 1),
	    STORE(BPF_DW, 7, AT(pending_count), 2),
	    SHIFT_LEFT(3, 3),
	    ADD(3, 7),
	    STORE(BPF_DW, 3, AT(pending), 1));
	patch_jumps(code, &next);
}

static void put_children(struct code *code, const struct CPmem_tree_layout *tree)
{
	struct jumps full = {.count = 0}, done = {.count = 0};
	const unsigned again = begin_slots(code, tree, tree->wide_type, tree->wide_slots, &done);

	put_child(code, &full);
	PUT(code, LOAD(BPF_DW, 1, 10, second_at));
	put_child(code, &full);
	PUT(code, GO(again - code->count - 1));
	patch_jumps(code, &full);
	make_candidate(code);
	patch_jumps(code, &done);
	stop_counting(code, tree, pairs_at);
}

// Takes the nodes that are pending, one after the other, until there are none, or it is known that the process has to be
// looked at. Registers: 6 the memory, 7 the walk, 8 a node, 9 how many mappings the kernel counts beside those found.
static void put_walking(struct code *code, const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
			const struct maps *maps)
{
	struct jumps done = {.count = 0}, is_wide = {.count = 0}, unknown = {.count = 0};

	count_up(code, tree, nodes_at, most_nodes);

	const unsigned again = code->count;

	count_on(code, tree, nodes_at, &done);
	PUT(code, LOAD(BPF_DW, 1, 7, AT(is_candidate)));
	code_jump(code, &done, (struct bpf_insn)IF_VALUE(BPF_JNE, 1, 0, 0));
	PUT(code, LOAD(BPF_DW, 1, 7, AT(pending_count)));
	emit_jump_if_null(code, &done, 1);
	PUT(code,
	    ADD_VALUE(1, -1),
	    AND_VALUE(1, most_pending - 1),
	    STORE(BPF_DW, 7, AT(pending_count), 1),
	    SHIFT_LEFT(1, 3),
	    ADD(1, 7),
	    LOAD(BPF_DW, 8, 1, AT(pending)),
	    MOVE(1, 8),
	    SHIFT_RIGHT(1, type_shift),
	    AND_VALUE(1, type_mask),
	    AND_VALUE(8, ~node_mask));
	code_jump(code, &is_wide, (struct bpf_insn)IF_VALUE(BPF_JEQ, 1, (int32_t)tree->wide_kind, 0));
	code_jump(code, &unknown, (struct bpf_insn)IF_VALUE(BPF_JNE, 1, (int32_t)tree->leaf_kind, 0));
	put_leaf(code, layout, tree, maps);
	PUT(code, GO(again - code->count - 1));
	patch_jumps(code, &is_wide);
	put_children(code, tree);
	PUT(code, GO(again - code->count - 1));
	patch_jumps(code, &unknown);
	make_candidate(code);
	patch_jumps(code, &done);
	stop_counting(code, tree, nodes_at);
}

// No reading moves to the other side: operations that fetch are full barriers (Documentation/atomic_t.txt).
static void put_barrier(struct code *code)
{
	PUT(code, SET(1, 0), FETCH_ADD(7, AT(is_candidate), 1));
}

// From the task in register 0: ends if it has no memory of its own, otherwise starts a walk with its address in
// register 6.
static void put_beginning(struct code *code, const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
			  const struct maps *maps, struct jumps *candidate, struct jumps *end)
{
	PUT(code, LOAD(BPF_DW, 8, 0, layout->task_memory));
	emit_jump_if_null(code, end, 8);
	// A thread has the memory of its process; if the process shows none, its first thread has exited.
	PUT(code,
	    LOAD(BPF_DW, 1, 0, tree->task_leader),
	    IF(BPF_JEQ, 1, 0, 2),
	    LOAD(BPF_DW, 1, 1, layout->task_memory));
	code_jump(code, end, (struct bpf_insn)IF(BPF_JEQ, 1, 8, 0));
	PUT(code,
	    MAP_VALUE(7, maps->walk),
	    STORE(BPF_DW, 7, AT(memory), 8),
	    LOAD(BPF_DW, 6, 7, AT(memory)),
	    SET(1, 0),
	    STORE(BPF_DW, 7, AT(file), 1),
	    STORE(BPF_DW, 7, AT(is_candidate), 1),
	    LOAD(BPF_W, 1, 8, tree->memory_sequence),
	    STORE(BPF_DW, 10, sequence_at, 1),
	    AND_VALUE(1, 1));
	code_jump(code, candidate, (struct bpf_insn)IF_VALUE(BPF_JNE, 1, 0, 0));
	put_barrier(code);
	PUT(code, LOAD(BPF_W, 9, 8, tree->memory_count));
	code_jump(code, candidate, (struct bpf_insn)IF_VALUE(BPF_JGT, 9, most_mappings, 0));
	PUT(code,
	    LOAD(BPF_DW, 1, 8, tree->memory_root),
	    STORE(BPF_DW, 7, AT(pending), 1),
	    SET(1, 1),
	    STORE(BPF_DW, 7, AT(pending_count), 1));
}

// Ends if the walk was consistent and found nothing.
static void put_ending(struct code *code, const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
		       struct jumps *candidate, struct jumps *end)
{
	put_barrier(code);
	code_jump(code, candidate, (struct bpf_insn)IF_VALUE(BPF_JNE, 9, 0, 0));
	PUT(code, LOAD(BPF_DW, 1, 7, AT(pending_count)));
	code_jump(code, candidate, (struct bpf_insn)IF_VALUE(BPF_JNE, 1, 0, 0));
	PUT(code, LOAD(BPF_DW, 1, 7, AT(is_candidate)));
	code_jump(code, candidate, (struct bpf_insn)IF_VALUE(BPF_JNE, 1, 0, 0));
	// A program that the process executed meanwhile has memory of its own.
	PUT(code, LOAD(BPF_DW, 1, 10, kept_task_at), LOAD(BPF_DW, 8, 1, layout->task_memory));
	code_jump(code, candidate, (struct bpf_insn)IF(BPF_JNE, 8, 6, 0));
	PUT(code, LOAD(BPF_W, 1, 8, tree->memory_sequence), LOAD(BPF_DW, 2, 10, sequence_at));
	code_jump(code, end, (struct bpf_insn)IF(BPF_JEQ, 1, 2, 0));
}

static void put_program(struct code *code, const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
			const struct maps *maps)
{
	struct jumps candidate = {.count = 0}, end = {.count = 0};

	PUT(code, STORE(BPF_DW, 10, kept_context_at, 1), LOAD(BPF_DW, 1, 1, task_at));
	emit_jump_if_null(code, &end, 1);
	// The verifier searches all types for each access through a trusted task pointer (kernel/bpf/btf.c:
	// btf_nested_type_is_trusted); a plain address does as well here.
	cast(code, tree, tree->task_type);
	PUT(code, STORE(BPF_DW, 10, kept_task_at, 0));
	put_beginning(code, layout, tree, maps, &candidate, &end);
	put_walking(code, layout, tree, maps);
	put_ending(code, layout, tree, &candidate, &end);
	patch_jumps(code, &candidate);
	PUT(code,
	    LOAD(BPF_DW, 6, 10, kept_context_at),
	    LOAD(BPF_DW, 1, 10, kept_task_at),
	    LOAD(BPF_W, 1, 1, layout->task_process),
	    STORE(BPF_W, 10, process_at, 1));
	emit_seq_write(code, process_at, sizeof(uint32_t));
	patch_jumps(code, &end);
	PUT(code, RETURN(0));
}

int CPmem_load_candidates(const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
			  const uint64_t *devices, uint32_t count)
{
	struct code code = {.count = 0};
	struct maps maps = {.walk = bpf_make_map(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(struct walk), 1, 0)};

	if (maps.walk < 0)
		return -errno;
	maps.devices = make_device_table(devices, count);

	int program = maps.devices;

	if (maps.devices >= 0) {
		put_program(&code, layout, tree, &maps);
		program = code_load(&code, tree->tasks_function);
		close(maps.devices);
	}
	close(maps.walk);
	return program;
}
