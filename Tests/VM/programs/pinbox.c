// pinbox FILE SIZE SEED STEPS UNIT REPORT
//
// Pins random parts of a device of SIZE bytes and releases them again, STEPS times: buffers of io_uring, several of them on
// one page, beginning and ending anywhere in pages; and pages in pipes. Unmaps what it pinned now and then, forks a child.
// Writes to REPORT what each UNIT (4096, or the size of compound pages) should have then, `OFFSET PINS REFERENCES` for
// those that have any, and a line "ready". Waits to be killed.
//
// A buffer is one pin for all that it has of a compound page (io_uring/rsrc.c:io_coalesce_buffer); pipes take a reference
// for each 4 KiB.
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { rings = 24, pipes = 4, page = 4096, longest = 5 << 20 };

struct piece {
	uint64_t offset, length;
};

static struct piece buffers[rings], spliced[pipes];
static int ring_of[rings], ends[pipes][2];
static uint64_t state;

static uint64_t next(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(2);
}

static struct piece choose(uint64_t size, uint64_t most)
{
	struct piece piece = {.offset = next(size / page) * page};
	uint64_t room = size - piece.offset;

	piece.length = (1 + next((room < most ? room : most) / page)) * page;
	return piece;
}

static void toggle_buffer(unsigned index, char *base, uint64_t size)
{
	if (buffers[index].length > 0) {
		check(syscall(SYS_io_uring_register, ring_of[index], IORING_UNREGISTER_BUFFERS, NULL, 0) == 0, "unregister");
		buffers[index].length = 0;
		return;
	}

	struct piece piece = choose(size, longest);
	struct iovec buffer = {.iov_base = base + piece.offset, .iov_len = piece.length};

	check(syscall(SYS_io_uring_register, ring_of[index], IORING_REGISTER_BUFFERS, &buffer, 1) == 0, "register");
	buffers[index] = piece;
}

static void toggle_pipe(unsigned index, char *base, uint64_t size)
{
	if (spliced[index].length > 0) {
		close(ends[index][0]);
		close(ends[index][1]);
		check(pipe(ends[index]) == 0, "pipe");
		spliced[index].length = 0;
		return;
	}

	struct piece piece = choose(size, 15 * page);
	struct iovec buffer = {.iov_base = base + piece.offset, .iov_len = piece.length};

	check(vmsplice(ends[index][1], &buffer, 1, 0) == (ssize_t)piece.length, "vmsplice");
	spliced[index] = piece;
}

static uint64_t overlap(struct piece piece, uint64_t start, uint64_t length)
{
	uint64_t first = piece.offset > start ? piece.offset : start;
	uint64_t last = piece.offset + piece.length < start + length ? piece.offset + piece.length : start + length;

	return first < last ? last - first : 0;
}

int main(int words, char **word)
{
	if (words != 7)
		return 64;
	uint64_t size = strtoull(word[2], NULL, 0), unit = strtoull(word[5], NULL, 0);
	int steps = atoi(word[4]), file = open(word[1], O_RDWR);

	state = strtoull(word[3], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	check(file >= 0, word[1]);

	char *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	check(base != MAP_FAILED, "mmap");
	close(file);
	for (unsigned index = 0; index < rings; index++) {
		struct io_uring_params parameters;

		memset(&parameters, 0, sizeof(parameters));
		ring_of[index] = (int)syscall(SYS_io_uring_setup, 4, &parameters);
		check(ring_of[index] >= 0, "io_uring_setup");
	}
	for (unsigned index = 0; index < pipes; index++)
		check(pipe(ends[index]) == 0, "pipe");
	for (int step = 0; step < steps; step++) {
		if (next(6) == 0)
			toggle_pipe((unsigned)next(pipes), base, size);
		else
			toggle_buffer((unsigned)next(rings), base, size);
		// Some pages that are only touched.
		base[next(size)]++;
	}

	pid_t child = fork();

	check(child >= 0, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (unsigned index = 0; index < pipes; index++) {
			close(ends[index][0]);
			close(ends[index][1]);
		}
		for (unsigned index = 0; index < rings; index++)
			close(ring_of[index]);
		base[0]++;
		for (;;)
			pause();
	}
	if (next(2))
		munmap(base, size);

	FILE *report = fopen(word[6], "w");

	check(report != NULL, word[6]);
	for (uint64_t start = 0; start < size; start += unit) {
		uint64_t pins = 0, references = 0;

		for (unsigned index = 0; index < rings; index++)
			pins += overlap(buffers[index], start, unit) > 0;
		for (unsigned index = 0; index < pipes; index++)
			references += overlap(spliced[index], start, unit) / page;
		if (pins > 0 || references > 0)
			fprintf(report, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", start, pins, references);
	}
	fprintf(report, "ready\n");
	fclose(report);
	for (;;)
		pause();
}
