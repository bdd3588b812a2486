// copy SIZE: how fast memory is copied here: memcpy of SIZE bytes, 1 MiB at a time, the best of five.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { chunk = 1 << 20 };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int count, char **words)
{
	size_t size = count == 2 ? strtoull(words[1], NULL, 0) / chunk * chunk : 0;
	char *from = malloc(size), *to = malloc(chunk);
	double best = 1e9;

	if (size == 0 || from == NULL || to == NULL)
		return 64;
	memset(from, 1, size);
	for (int round = 0; round < 5; round++) {
		double start = seconds();

		for (size_t place = 0; place < size; place += chunk) {
			memcpy(to, from + place, chunk);
			__asm__ volatile("" : : "r"(to) : "memory");
		}
		if (seconds() - start < best)
			best = seconds() - start;
	}
	printf("memcpy in the same run: %.2f GB/s, %.1f ns for 64 bytes\n", (double)size / best / 1e9, best * 1e9 / ((double)size / 64));
	return 0;
}
