// A process of many threads that has a device open, until it is killed. With `leaderless` its first thread ends, and the
// others have the descriptor.
//
//   threads PATH COUNT [leaderless]
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { stack = 8192 };

static __attribute__((noreturn)) int wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
}

int main(int count, char **words)
{
	if (count < 3)
		errx(64, "usage: threads PATH COUNT [leaderless]");

	const long threads = atol(words[2]);
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

	if (open(words[1], O_RDWR) < 0)
		err(1, "%s", words[1]);

	// Of one mapping: a process may have 65,530.
	char *stacks = mmap(NULL, (size_t)threads * stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			    -1, 0);

	if (stacks == MAP_FAILED)
		err(1, "mmap");

	long made = 0;

	while (made < threads && clone(wait_for_ever, stacks + (made + 1) * stack, flags, NULL) > 0)
		made++;
	printf("ready %ld\n", made);
	fflush(stdout);
	if (count > 3)
		syscall(SYS_exit, 0);
	wait_for_ever(NULL);
}
