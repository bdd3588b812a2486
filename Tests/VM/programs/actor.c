// actor: does what lines of its input say, one after the other, and answers each with a line when it is done: "done", the
// name of an error, or "killed" for SIGBUS, after which it ends. It maps one file at a time.
//
//   map FILE | unmap | load OFFSET | store OFFSET | pin OFFSET | unpin
//   read FILE | write FILE | truncate FILE SIZE | fsync FILE | freeze DIRECTORY | thaw DIRECTORY
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define LENGTH 65536

static volatile char *memory = MAP_FAILED;
static int pages[2] = {-1, -1};

static void bus(int number)
{
	static const char word[] = "killed\n";

	(void)number;
	(void)!write(1, word, sizeof word - 1);
	_exit(1);
}

// Opens a file or directory for one call.
static int with(const char *path, int (*call)(int, long), long value, int flags)
{
	int file = open(path, flags), result, error;

	if (file < 0)
		return -1;
	result = call(file, value);
	error = errno;
	close(file);
	errno = error;
	return result;
}

static int map(int file, long value)
{
	(void)value;
	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	return memory == MAP_FAILED ? -1 : 0;
}

static int put(int file, long value)
{
	static char block[4096];

	return pwrite(file, block, sizeof block, value) < 0 ? -1 : 0;
}

static int get(int file, long value)
{
	static char block[4096];

	return pread(file, block, sizeof block, value) < 0 ? -1 : 0;
}

static int cut(int file, long value) { return ftruncate(file, value); }
static int flush(int file, long value) { (void)value; return fsync(file); }
static int control(int file, long value) { return ioctl(file, value, 0); }

static int pin(long offset)
{
	struct iovec part = {(char *)memory + offset, 4096};

	if (pages[0] >= 0 || pipe(pages) < 0)
		return -1;
	if (vmsplice(pages[1], &part, 1, 0) == 4096)
		return 0;
	close(pages[0]);
	close(pages[1]);
	pages[0] = -1;
	return -1;
}

static int unpin(void)
{
	if (pages[0] < 0)
		return -1;
	close(pages[0]);
	close(pages[1]);
	pages[0] = -1;
	return 0;
}

static int perform(const char *verb, const char *path, long value)
{
	if (!strcmp(verb, "map"))
		return with(path, map, 0, O_RDWR);
	if (!strcmp(verb, "unmap"))
		return munmap((void *)memory, LENGTH);
	if (!strcmp(verb, "load"))
		return (void)memory[atol(path)], 0;
	if (!strcmp(verb, "store"))
		return memory[atol(path)] = 1, 0;
	if (!strcmp(verb, "pin"))
		return pin(atol(path));
	if (!strcmp(verb, "unpin"))
		return unpin();
	if (!strcmp(verb, "read"))
		return with(path, get, value, O_RDWR);
	if (!strcmp(verb, "write"))
		return with(path, put, value, O_RDWR);
	if (!strcmp(verb, "truncate"))
		return with(path, cut, value, O_RDWR);
	if (!strcmp(verb, "fsync"))
		return with(path, flush, 0, O_RDWR);
	if (!strcmp(verb, "freeze"))
		return with(path, control, FIFREEZE, O_RDONLY);
	if (!strcmp(verb, "thaw"))
		return with(path, control, FITHAW, O_RDONLY);
	errno = ENOSYS;
	return -1;
}

int main(void)
{
	char line[256], verb[32], path[200];
	long value;

	signal(SIGBUS, bus);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof line, stdin)) {
		value = 0;
		path[0] = 0;
		if (sscanf(line, "%31s %199s %ld", verb, path, &value) < 1)
			continue;
		puts(perform(verb, path, value) == 0 ? "done" : strerrorname_np(errno));
	}
	return 0;
}
