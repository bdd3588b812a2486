// State that only BPF programs can read: the kernel's own memory (struct page of device memory, which no other
// interface shows), and the mappings and descriptors of all processes in one pass.
//
// The programs are kept as instructions: nothing is compiled on the host. They take no reference and change nothing.
// They need root, or CAP_BPF and CAP_PERFMON; lockdown=confidentiality refuses them.
#pragma once

#include <stdint.h>

#pragma clang assume_nonnull begin

// The kernel's type information (BTF), read with one call; /sys/kernel/btf/vmlinux takes one call a page. Copies at
// most `size` bytes of it. Returns its length, or a negative error number.
int64_t CPmem_kernel_types(void *_Nullable buffer, uint32_t size);

struct CPmem_reader;

// The most that one read gives, bytes.
extern const uint32_t CPmem_reader_chunk;
// Of a gathering read: bytes of an element, and how many elements at most.
extern const uint32_t CPmem_reader_element;
extern const uint32_t CPmem_reader_elements;

// Loads the program (bpf(2)). NULL, with an error number, if that is not permitted.
struct CPmem_reader *_Nullable CPmem_reader_open(int *error);

// Copies kernel memory; all or nothing. 0, or an error number: EFAULT if part of it is not mapped.
int CPmem_reader_read(struct CPmem_reader *reader, uint64_t address, uint32_t size);

// Copies `count` elements whose addresses are `stride` apart, one behind the other; all or nothing, as above.
int CPmem_reader_gather(struct CPmem_reader *reader, uint64_t address, uint64_t stride, uint32_t count);

// The address of a kernel symbol. 0, or an error number: EPERM if the kernel hides its addresses.
int CPmem_reader_symbol(struct CPmem_reader *reader, const char *name, uint64_t *address);

// The result of the last read.
const void *CPmem_reader_data(const struct CPmem_reader *reader);

void CPmem_reader_close(struct CPmem_reader *reader);

// The layout of the structures that iterators read: byte offsets of members, from the kernel's BTF. Functions are BTF
// ids of bpf_iter_task_vma and bpf_iter_task_file.
struct CPmem_file_layout {
	uint32_t mappings_function, descriptors_function;
	uint32_t task_process, task_thread, task_memory, task_command;
	uint32_t vma_start, vma_end, vma_flags, vma_offset, vma_file;
	uint32_t file_mapping, mapping_host;
	uint32_t inode_flags, inode_mode, inode_device, inode_number, inode_superblock, superblock_device;
	// For working and root directories; 0 if the kernel does not describe them. bpf_iter_task is a BTF id, too.
	uint32_t tasks_function, task_directories, working_directory, root_directory, dentry_inode, dentry_superblock;
	// Of mount namespaces, and of files without a name; likewise.
	uint32_t task_namespaces, namespaces_mounts, file_inode, superblock_magic;
};

// A process that has a file open or mapped: the records that iterators emit, back to back.
struct CPmem_file_user {
	// Of a mapping its addresses; of a descriptor its number, and 0.
	uint64_t start, end;
	// VM_*, and the offset in pages; 0 of a descriptor.
	uint64_t flags, offset;
	// The kernel's own form of a device number, major << 20 | minor; with bit 32 set for a character device.
	uint64_t device;
	uint64_t inode;
	// Which address space it is; a number, never followed.
	uint64_t memory;
	// Kernel addresses of the open file and of the inode behind it, for CPmem_reader_read.
	uint64_t file, host;
	uint32_t process, thread;
	uint32_t inode_flags, mode;
	char command[16];
};

// Loads a program that reports every mapping (or descriptor) of a file whose device is one of `devices`, numbered as
// `CPmem_file_user.device` is. Returns a descriptor of the program, or a negative error number.
int CPmem_load_mappings(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count);
int CPmem_load_descriptors(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count);

// Loads a program that reports every working directory and root directory of a thread on one of `devices`, likewise:
// `CPmem_file_user.start` is 0 of the first, 1 of the second, `host` its inode; `file` and `inode` are 0.
int CPmem_load_directories(const struct CPmem_file_layout *layout, const uint64_t *devices, uint32_t count);

// Loads a program that reports one thread of each mount namespace, the first there is: 32-bit numbers of threads, of one
// namespace perhaps more than one.
int CPmem_load_mount_namespaces(const struct CPmem_file_layout *layout);

// Loads a program that reports the processes with a descriptor through which a device may reach their memory: of a file that has
// no name (io_uring, KVM, VFIO), or of a character device that is neither memory nor a terminal. 32-bit numbers of processes, each
// perhaps more than once.
int CPmem_load_ring_holders(const struct CPmem_file_layout *layout);

// Starts a loaded program on all processes, or on `process` alone if that is not 0; kernels before 6.1 cannot filter by
// process and report all. Returns a descriptor to read records from, or a negative error number; EAGAIN on a read means
// to read again.
int CPmem_iterate(int program, uint32_t process);

// The tree that holds the mappings of a process, likewise. Types and functions are BTF ids: of bpf_iter_task and
// bpf_rdonly_cast, of bpf_iter_num_new, _next and _destroy, of the two kinds of nodes, of vm_area_struct and of task_struct;
// kinds are values of enum maple_type.
struct CPmem_tree_layout {
	uint32_t tasks_function, cast_function, numbers_new, numbers_next, numbers_destroy;
	uint32_t leaf_type, wide_type, vma_type, task_type;
	uint32_t leaf_kind, wide_kind;
	uint32_t leaf_slots, wide_slots;
	uint32_t task_leader, memory_root, memory_count, memory_sequence, vma_memory;
};

// Loads a program that reports processes that may have mappings of files on the devices: those that have some, and
// those that are changing their mappings at this moment, so that it cannot be determined. Its records are 32-bit
// process ids, possibly repeated. Returns a descriptor of the program, or a negative error number: EACCES or EINVAL if
// the kernel's verifier rejects it.
int CPmem_load_candidates(const struct CPmem_file_layout *layout, const struct CPmem_tree_layout *tree,
			  const uint64_t *devices, uint32_t count);

#pragma clang assume_nonnull end
