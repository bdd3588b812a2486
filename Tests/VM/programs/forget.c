// forget NAME...: removes keys from the user's keyring, as a power cycle would.
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **names)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
	for (int i = 1; i < count; i++) {
		long key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "encrypted", names[i], 0);
		if (key < 0)
			key = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", names[i], 0);
		if (key < 0)
			continue;
		if (syscall(SYS_keyctl, KEYCTL_UNLINK, (int)key, KEY_SPEC_USER_KEYRING) < 0) {
			perror(names[i]);
			return 1;
		}
	}
	return 0;
}
