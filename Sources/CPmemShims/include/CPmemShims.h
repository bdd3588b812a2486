// What Swift cannot say of libndctl and libdaxctl by itself.
#pragma once

struct ndctl_ctx;

#pragma clang assume_nonnull begin

// Messages of both libraries, kept in order. A log function takes a va_list, which Swift cannot give to a
// closure; and the daxctl context inside an ndctl context does not follow ndctl_set_log_fn(), so both are set.
struct CPmem_log;

// Makes a log and directs both libraries' messages of a context to it. NULL where memory is out. The log must
// outlive the context; free it after ndctl_unref().
struct CPmem_log *_Nullable CPmem_log_attach(struct ndctl_ctx *context, int priority);

// The messages since the last CPmem_log_clear(), each ending in a newline. Valid until the next message.
const char *CPmem_log_text(const struct CPmem_log *log);

void CPmem_log_clear(struct CPmem_log *log);

void CPmem_log_free(struct CPmem_log *log);

// Device types of linux/ndctl.h, whose header libndctl's own does not include.
extern const unsigned CPmem_device_namespace_io;
extern const unsigned CPmem_device_namespace_pmem;

#pragma clang assume_nonnull end
