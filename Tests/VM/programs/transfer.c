// transfer SOURCE FILE OFFSET LENGTH: reads LENGTH bytes of a block device directly (O_DIRECT) into a mapping of FILE from
// OFFSET on. Prints "ready" before, "done" and the number of bytes read after.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **words)
{
	if (count != 5)
		return 64;
	size_t length = strtoull(words[4], NULL, 0);
	int source = open(words[1], O_RDONLY | O_DIRECT), file = open(words[2], O_RDWR);

	if (source < 0 || file < 0) {
		perror("open");
		return 1;
	}

	volatile char *place =
		mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)strtoull(words[3], NULL, 0));

	if (place == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	place[0] = 1;
	printf("ready\n");
	fflush(stdout);

	ssize_t got = pread(source, (void *)place, length, 0);

	if (got < 0)
		perror("pread");
	printf("done %zd\n", got);
	return got < 0;
}
