// mapper FILE SIZE SEED COUNT ALIGN REPORT
//
// Makes COUNT random mappings of a device or file of SIZE bytes, with offsets and lengths that are multiples of ALIGN;
// unmaps parts of some, moves some elsewhere (mremap), takes the right to store from parts of some (mprotect), touches some
// pages, forks a child that inherits all of it. Writes to REPORT, for
// each range that it then has, `START END OFFSET PROT TOUCHED` (TOUCHED in units of ALIGN), sorted;
// and then its pid and the child's. Waits to be killed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

struct range {
	uint64_t start, end, offset;
	int writable;
	unsigned touched;
};

enum { most = 256, longest = 8 };

static struct range ranges[3 * most];
static unsigned count;
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
	exit(1);
}

static int order(const void *left, const void *right)
{
	const struct range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

int main(int words, char **word)
{
	if (words != 7)
		return 64;
	uint64_t size = strtoull(word[2], NULL, 0), align = strtoull(word[5], NULL, 0);
	unsigned wanted = (unsigned)atoi(word[4]);
	uint64_t stride = (longest + 2) * align, base = 0x200000000000;
	int file = open(word[1], O_RDWR);

	state = strtoull(word[3], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	check(file >= 0, word[1]);
	for (unsigned index = 0; index < wanted && index < most; index++) {
		uint64_t pages = 1 + next(longest), offset = next(size / align - pages + 1) * align;
		// A gap before and behind, so that the kernel never joins two.
		uint64_t place = base + index * stride;
		struct range range = {.start = place, .end = place + pages * align, .offset = offset, .writable = next(2)};

		check(mmap((void *)place, pages * align, PROT_READ | (range.writable ? PROT_WRITE : 0),
			   MAP_SHARED | MAP_FIXED_NOREPLACE, file, (off_t)offset) == (void *)place, "mmap");
		if (pages > 2 && next(3) == 0) {
			// A hole in the middle makes two of it.
			uint64_t hole = place + (1 + next(pages - 2)) * align;

			check(munmap((void *)hole, align) == 0, "munmap");
			ranges[count++] = (struct range){place, hole, offset, range.writable, 0};
			range.start = hole + align;
			range.offset = offset + (range.start - place);
		}
		if (next(4) == 0) {
			// Far behind all others.
			uint64_t length = range.end - range.start, there = range.start + wanted * stride;

			check(mremap((void *)range.start, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)there) ==
			      (void *)there, "mremap");
			range.start = there;
			range.end = there + length;
		}
		if (range.writable && range.end - range.start > align && next(3) == 0) {
			struct range first = {range.start, range.start + align, range.offset, 0, 0};

			check(mprotect((void *)first.start, align, PROT_READ) == 0, "mprotect");
			ranges[count++] = first;
			range.start += align;
			range.offset += align;
		}
		ranges[count++] = range;
	}
	for (unsigned index = 0; index < count; index++) {
		struct range *range = &ranges[index];

		for (uint64_t place = range->start; place < range->end; place += align) {
			if (next(2))
				continue;
			volatile uint64_t *first = (volatile uint64_t *)place;

			if (range->writable)
				*first = place;
			else
				(void)*first;
			range->touched++;
		}
	}
	close(file);
	pid_t child = fork();

	check(child >= 0, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	qsort(ranges, count, sizeof(ranges[0]), order);
	FILE *report = fopen(word[6], "w");

	check(report != NULL, word[6]);
	for (unsigned index = 0; index < count; index++)
		fprintf(report, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s %u\n", ranges[index].start, ranges[index].end,
			ranges[index].offset, ranges[index].writable ? "rw-" : "r--", ranges[index].touched);
	fprintf(report, "ready %d %d\n", getpid(), child);
	fclose(report);
	for (;;)
		pause();
}
