// needle PROCESSES MAPPINGS FILE SEED [restless]: processes with that many mappings of their own program each; every other
// one has FILE among them, once, at a random place. Prints the numbers of those, "ready", and waits to be killed; restless
// ones never stop changing other mappings.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { page = 4096, part = 2 << 20 };

static void map(size_t size, int protection, int flags, int file, off_t offset)
{
	if (mmap(NULL, size, protection, flags, file, offset) == MAP_FAILED) {
		perror("mmap");
		_exit(1);
	}
}

// Joined and split, at both ends of the tree and between.
static void be_restless(void)
{
	for (;;) {
		char *place = mmap(NULL, 64 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int index = 1; index < 64; index += 2)
			mprotect(place + index * page, page, PROT_NONE);
		munmap(place, 64 * page);
	}
}

int main(int count, char **words)
{
	if (count < 5)
		return 64;
	int own = open(words[0], O_RDONLY), file = open(words[3], O_RDONLY), mappings = atoi(words[2]);
	unsigned seed = (unsigned)atoi(words[4]);

	if (own < 0 || file < 0) {
		perror(words[3]);
		return 1;
	}
	for (int process = 0; process < atoi(words[1]); process++) {
		int needle = process % 2 == 0 ? rand_r(&seed) % mappings : -1, ends[2];
		char ready;

		if (pipe(ends) != 0)
			return 1;
		pid_t child = fork();

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			// Each at another page than its neighbour: the kernel joins none.
			for (int index = 0; index < mappings; index++) {
				if (index == needle)
					map(part, PROT_READ, MAP_SHARED, file, 0);
				map(page, PROT_READ, MAP_PRIVATE, own, (off_t)(index % 2) * 2 * page);
			}
			if (write(ends[1], "r", 1) != 1)
				return 1;
			if (count > 5)
				be_restless();
			for (;;)
				pause();
		}
		close(ends[1]);
		if (read(ends[0], &ready, 1) != 1)
			return 1;
		close(ends[0]);
		if (needle >= 0)
			printf("%d\n", child);
	}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
