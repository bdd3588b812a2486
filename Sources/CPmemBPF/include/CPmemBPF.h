// Reads the kernel's own memory with a BPF program: struct page of device memory, which nothing else shows.
#pragma once

#include <stdint.h>

#pragma clang assume_nonnull begin

struct CPmem_reader;

// The most that one read gives, bytes.
extern const uint32_t CPmem_reader_chunk;

// Loads the program (bpf(2), for root; refused under lockdown=confidentiality). NULL, and an error number, where that is
// not allowed.
struct CPmem_reader *_Nullable CPmem_reader_open(int *error);

// Copies kernel memory; all or nothing. 0, or an error number: EFAULT where some of it is not mapped.
int CPmem_reader_read(struct CPmem_reader *reader, uint64_t address, uint32_t size);

// What the last read gave.
const void *CPmem_reader_data(const struct CPmem_reader *reader);

// memmem(3), which Glibc's module leaves out: where `wanted` begins in `text`, or -1.
int64_t CPmem_find(const void *text, uint64_t length, const void *wanted, uint64_t wanted_length);

void CPmem_reader_close(struct CPmem_reader *reader);

#pragma clang assume_nonnull end
