#include "CPmemShims.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// libkeyutils would be one more library for five system calls.

static int64_t answer(long result) { return result < 0 ? -errno : result; }

int64_t CPmem_join_keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return -errno;
	return answer(syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING));
}

int64_t CPmem_add_key(const char *type, const char *description, const void *payload, uint64_t length)
{
	return answer(syscall(SYS_add_key, type, description, payload, (size_t)length, KEY_SPEC_USER_KEYRING));
}

int64_t CPmem_find_key(const char *type, const char *description)
{
	return answer(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, type, description, 0));
}

int64_t CPmem_read_key(int64_t key, void *bytes, uint64_t room)
{
	return answer(syscall(SYS_keyctl, KEYCTL_READ, (int32_t)key, bytes, (size_t)room));
}

int64_t CPmem_unlink_key(int64_t key)
{
	return answer(syscall(SYS_keyctl, KEYCTL_UNLINK, (int32_t)key, KEY_SPEC_USER_KEYRING));
}
