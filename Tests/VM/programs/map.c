// map FILE SIZE: maps all of a device or file, shared, writes its first and last word, reads them through a
// second mapping. Ends with status 0 if they are the same, 1 with a reason if not.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t *map(int file, size_t size)
{
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (place == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return place;
}

int main(int count, char **words)
{
	if (count != 3)
		return 64;
	size_t size = strtoull(words[2], NULL, 0);
	int file = open(words[1], O_RDWR);

	if (file < 0) {
		perror(words[1]);
		return 1;
	}
	volatile uint64_t *first = map(file, size), *second = map(file, size);
	size_t last = size / sizeof *first - 1;

	first[0] = 0x706d656d63746c21;
	first[last] = 0x2163746c6d656d70;
	if (second[0] != 0x706d656d63746c21 || second[last] != 0x2163746c6d656d70) {
		fprintf(stderr, "the two mappings differ\n");
		return 1;
	}
	return 0;
}
