// What Swift cannot express: callbacks of libndctl and libdaxctl, and ioctls that are macros.
#pragma once

#include <stdint.h>

struct ndctl_ctx;

#pragma clang assume_nonnull begin

// Messages of both libraries, kept in order. A log function takes a va_list, which Swift cannot give to a
// closure; and the daxctl context inside an ndctl context does not follow ndctl_set_log_fn(), so both are set.
struct CPmem_log;

// Creates a log and directs both libraries' messages of a context to it. NULL if memory is exhausted. The log must
// outlive the context; free it after ndctl_unref().
struct CPmem_log *_Nullable CPmem_log_attach(struct ndctl_ctx *context, int priority);

// The messages since the last CPmem_log_clear(), each ending in a newline. Valid until the next message.
const char *CPmem_log_text(const struct CPmem_log *log);

void CPmem_log_clear(struct CPmem_log *log);

void CPmem_log_free(struct CPmem_log *log);

// Device types of linux/ndctl.h, whose header libndctl's own does not include.
extern const unsigned CPmem_device_namespace_io;
extern const unsigned CPmem_device_namespace_pmem;
/* Of a bus (linux/ndctl.h), as ndctl_bus_is_cmd_supported() takes it. */
extern const int CPmem_command_clear_error;

// How much of a range of a process's addresses has page table entries.
struct CPmem_population {
	// Bytes with entries of the smallest size, and of a larger one.
	uint64_t small_bytes;
	uint64_t huge_bytes;
};

// Asks with PAGEMAP_SCAN (6.7 and later). `pagemap` is an open /proc/PID/pagemap; addresses are multiples of the page
// size. 0, or an error number: ENOTTY on an older kernel.
int CPmem_pagemap_scan(int pagemap, uint64_t start, uint64_t end, struct CPmem_population *population);

struct CPmem_extent {
	uint64_t logical;
	uint64_t physical;
	uint64_t length;
	// FIEMAP_EXTENT_*: unwritten, delayed, last, ...
	uint32_t flags;
};

// Up to `room` extents of a file from byte `start`, with FS_IOC_FIEMAP; nothing is written out for it. The number, or a
// negative error number.
int CPmem_fiemap(int file, uint64_t start, uint64_t length, struct CPmem_extent *extents, unsigned room);

// FIEMAP_EXTENT_LAST, and the flags of extents whose offset on the device is unknown.
extern const uint32_t CPmem_extent_last;
extern const uint32_t CPmem_extent_unplaced;

// Whether a file's inode is DAX at this moment (STATX_ATTR_DAX): 1, 0, or -1 if unknown.
int CPmem_is_dax(int file);

/* O_PATH and SEEK_DATA, which glibc shows to those who ask for its extensions. */
extern const int CPmem_open_path;
extern const int CPmem_seek_data;

// Whether blocks of an XFS can be shared between files (reflink): 1, 0, or -1 if it is not XFS.
int CPmem_xfs_has_reflink(int directory);

// Has io_uring register memory as a buffer, which is a long-term pin (FOLL_LONGTERM), and releases it again. 0 if that
// is possible; the kernel's error number if not; a negative one if there is no io_uring.
int CPmem_try_long_term_pin(void *address, uint64_t length);

// The link's target in /proc, or any: its device, inode, mode and rdev. 0 or an error number.
struct CPmem_file {
	uint64_t device;
	uint64_t inode;
	uint64_t special_device;
	uint32_t mode;
};
int CPmem_stat(int directory, const char *name, struct CPmem_file *file);

// The flags of an open file's inode (FS_IOC_GETFLAGS). 0, or a negative error number.
int CPmem_inode_flags(int file, uint32_t *flags);

// Whether the data of an open file are on the realtime device of its filesystem (FS_IOC_FSGETXATTR): 1, 0, or a negative error
// number.
int CPmem_is_realtime(int file);

// The backing of an open loop device: for a device its number (special_device), for a file its filesystem's number and
// its inode. 0, or a negative error number.
int CPmem_loop_backing(int loop, struct CPmem_file *file);

// A mapping of a file as PROCMAP_QUERY reports it.
struct CPmem_vma {
	uint64_t start, end, offset, inode;
	// As stat(2) numbers devices.
	uint64_t device;
	// PROCMAP_QUERY_VMA_*: 1 readable, 2 writable, 4 executable, 8 shared.
	uint32_t flags;
};

// Up to `room` mappings of files from an address on (PROCMAP_QUERY, 6.11 and later). `maps` is an open /proc/PID/maps.
// Returns their number, 0 if there are no more, or a negative error number: ENOTTY on an older kernel.
int CPmem_mappings(int maps, uint64_t address, struct CPmem_vma *vmas, unsigned room);

// The name of the mapping at an address, ended by a NUL. Its length with that, or a negative error number.
int CPmem_mapping_name(int maps, uint64_t address, char *name, unsigned room);

// The table of a device mapper device, a line a target: START LENGTH TYPE PARAMETERS, in sectors of 512 bytes. Its length
// without the NUL that ends it, or a negative error number.
int CPmem_dm_table(unsigned major, unsigned minor, char *text, unsigned room);

// A memory region that a process has registered for RDMA.
struct CPmem_rdma_region {
	uint32_t process, number;
	uint64_t length;
	// `rxe0`, ended by a NUL.
	char device[64];
};

// Up to `room` of all memory regions (RDMA netlink, as `rdma resource show mr`). The number, or a negative error number.
int CPmem_rdma_regions(struct CPmem_rdma_region *regions, unsigned room);

// How many bytes are in a pipe that a process has open. The descriptor is duplicated to ask, and closed at once
// (pidfd_getfd(2), 5.6). Or a negative error number.
int64_t CPmem_bytes_in_pipe(int process, int descriptor);

// A file in memory that has no name anywhere (memfd_create(2)). Its descriptor, closed by the caller, or a negative error
// number.
int CPmem_memory_file(const char *name);

// An argument of this program, from 0; NULL behind the last. Swift's CommandLine reads /proc/self/cmdline, which is not there
// without /proc: a command would lose its arguments.
const char *_Nullable CPmem_argument(int index);

// The POSIX ACL of a file, as system.posix_acl_access holds it; links are not followed. Its length, or a negative error
// number: ENODATA for none.
int CPmem_get_acl(const char *path, void *_Nullable bytes, unsigned room);

// Sets the POSIX ACL; length 0 removes it. 0, or a negative error number.
int CPmem_set_acl(const char *path, const void *_Nullable bytes, unsigned length);

// Makes the block device of a node read-only (BLKROSET), or writable with 0; links are not followed. 0, or a negative error
// number.
int CPmem_set_read_only(const char *path, int flag);

// Opens a device by its number, whatever its name refers to: by the name if that is a node of the device and no link,
// otherwise by a node that root creates for this one call. `flags` as for open(2). Returns a descriptor, or a negative
// error number: that of opening the name if there is no other way.
int CPmem_open_device(const char *path, int block, uint32_t major, uint32_t minor, int flags);

// Keys of the kernel (keyctl(2)), in the keyring of this user. Each returns its documented result, or a negative error
// number.

// Gives this process a session keyring of its own that links the user's: a process started by a daemon or sudo has
// none, and the kernel would not find its keys. Returns 0.
int64_t CPmem_join_keyring(void);

// Adds a key, or changes the payload of the one of that name. Its number.
int64_t CPmem_add_key(const char *type, const char *description, const void *payload, uint64_t length);

// Looks for a key. Its number; ENOKEY for none.
int64_t CPmem_find_key(const char *type, const char *description);

// The payload of a key; for an encrypted key, the blob that it is loaded from. Returns the length, which may exceed
// `room`.
int64_t CPmem_read_key(int64_t key, void *bytes, uint64_t room);

// Removes a key from the keyring. 0.
int64_t CPmem_unlink_key(int64_t key);

// The kernel's events of devices, and changes of attributes in sysfs. NULL without memory; without a socket, as in some
// containers, there are no events of devices.
struct CPmem_events;

struct CPmem_events *_Nullable CPmem_events_open(void);

void CPmem_events_close(struct CPmem_events *events);

// Watches an attribute for what sysfs_notify(9) announces. Its index, or a negative error number.
int CPmem_events_watch(struct CPmem_events *events, const char *path);

// Whether the last wait ended with a change of the attribute.
int CPmem_events_is_notified(const struct CPmem_events *events, int index);

// Waits for a change of an attribute, or for an event of the subsystems nd, dax and cxl, and then until no others come. 1, 0
// after so many milliseconds (negative: for ever), or a negative error number.
int CPmem_events_wait(struct CPmem_events *events, int milliseconds);

#pragma clang assume_nonnull end
