#include "CPmemShims.h"

#include <daxctl/libdaxctl.h>
#include <ndctl/libndctl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { log_capacity = 16384 };

struct CPmem_log {
	size_t used;
	char text[log_capacity];
};

// A message that no longer fits is dropped: the first ones contain the cause.
static void append(struct CPmem_log *log, const char *function, const char *format, va_list arguments)
{
	char line[1024];
	int length = vsnprintf(line, sizeof(line), format, arguments);
	if (log == NULL || length <= 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	int room = (int)(log_capacity - log->used);
	length = snprintf(log->text + log->used, (size_t)room, "%s: %s\n", function, line);
	if (length > 0 && length < room)
		log->used += (size_t)length;
	else
		log->text[log->used] = '\0';
}

static void ndctl_message(struct ndctl_ctx *context, int priority, const char *file, int line,
			  const char *function, const char *format, va_list arguments)
{
	(void)priority, (void)file, (void)line;
	append(ndctl_get_userdata(context), function, format, arguments);
}

static void daxctl_message(struct daxctl_ctx *context, int priority, const char *file, int line,
			   const char *function, const char *format, va_list arguments)
{
	(void)priority, (void)file, (void)line;
	append(daxctl_get_userdata(context), function, format, arguments);
}

struct CPmem_log *CPmem_log_attach(struct ndctl_ctx *context, int priority)
{
	struct CPmem_log *log = calloc(1, sizeof(*log));
	struct daxctl_ctx *dax = ndctl_get_daxctl_ctx(context);

	if (log == NULL)
		return NULL;
	ndctl_set_userdata(context, log);
	ndctl_set_log_fn(context, ndctl_message);
	ndctl_set_log_priority(context, priority);
	if (dax != NULL) {
		daxctl_set_userdata(dax, log);
		daxctl_set_log_fn(dax, daxctl_message);
		daxctl_set_log_priority(dax, priority);
	}
	return log;
}

const char *CPmem_log_text(const struct CPmem_log *log)
{
	return log->text;
}

void CPmem_log_clear(struct CPmem_log *log)
{
	log->used = 0;
	log->text[0] = '\0';
}

void CPmem_log_free(struct CPmem_log *log)
{
	free(log);
}
