// churn FILE: maps and unmaps parts of FILE, starts processes that map it and end, as fast as it can, until it is killed.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { part = 2 << 20 };

static void *map(int file, unsigned number)
{
	return mmap(NULL, part, PROT_READ, MAP_SHARED, file, (off_t)(number % 8) * part);
}

int main(int count, char **words)
{
	int file = count == 2 ? open(words[1], O_RDONLY) : -1;

	if (file < 0) {
		perror("churn");
		return 1;
	}
	for (unsigned number = 0;; number++) {
		void *place = map(file, number);
		pid_t child = fork();

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			munmap(place, part);
			map(file, number + 1);
			map(file, number + 3);
			_exit(0);
		}
		munmap(place, part);
		waitpid(child, NULL, 0);
	}
}
