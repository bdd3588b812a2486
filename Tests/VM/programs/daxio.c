// daxio put FILE DEVICE: copies a file to the beginning of a DAX device. daxio get DEVICE BYTES: writes the beginning of
// one to standard output.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { align = 2 << 20 };

static char *map(const char *path, size_t size, int *length)
{
	int device = open(path, O_RDWR);

	*length = (int)((size + align - 1) / align * align);
	char *memory = mmap(NULL, (size_t)*length, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);

	if (memory == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	return memory;
}

int main(int count, char **words)
{
	int length;

	if (count == 4 && strcmp(words[1], "put") == 0) {
		int file = open(words[2], O_RDONLY);
		struct stat status;

		if (file < 0 || fstat(file, &status) != 0) {
			perror(words[2]);
			return 1;
		}
		char *memory = map(words[3], (size_t)status.st_size, &length);

		for (ssize_t done = 0, got; (got = read(file, memory + done, (size_t)(status.st_size - done))) > 0; done += got)
			;
		return munmap(memory, (size_t)length) != 0;
	}
	if (count == 4 && strcmp(words[1], "get") == 0) {
		size_t size = strtoul(words[3], NULL, 0);
		char *memory = map(words[2], size, &length);

		return write(STDOUT_FILENO, memory, size) != (ssize_t)size;
	}
	return 64;
}
