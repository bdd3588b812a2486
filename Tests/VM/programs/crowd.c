// crowd PROCESSES MAPPINGS FILE: that many processes, each with that many mappings of pages of FILE. Prints "ready", and
// waits to be killed.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int count, char **words)
{
	if (count != 4)
		return 64;
	int file = open(words[3], O_RDONLY), mappings = atoi(words[2]);

	if (file < 0) {
		perror(words[3]);
		return 1;
	}
	// Each at another page than its neighbour: the kernel joins none.
	for (int index = 0; index < mappings; index++)
		if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, (off_t)(index % 2) * 8192) == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
	for (int index = 1; index < atoi(words[1]); index++)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
