// holder HOW FILE: opens a file or device, and holds it until it is killed. Prints "ready".
//
//   open          keeps the descriptor
//   map           maps 2 MiB shared, touches them
//   mapclosed     the same, and closes the descriptor
//   locked        the same, and locks it
//   mapgiant      the same with 1 GiB
//   mapall        the same with all of a file
//   threadleader  the same, in a process whose first thread ends
//
// On SIGUSR1 it touches the mapping again, and prints "touched" if it lives.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile char *place;
static volatile sig_atomic_t is_asked;

static void ask(int signal)
{
	(void)signal;
	is_asked = 1;
}

static void *wait_on(void *nothing)
{
	printf("ready\n");
	for (;;) {
		fflush(stdout);
		pause();
		if (is_asked) {
			place[0]++;
			printf("touched\n");
			is_asked = 0;
		}
	}
	return nothing;
}

int main(int count, char **words)
{
	if (count != 3)
		return 64;
	const char *how = words[1];
	int file = open(words[2], O_RDWR);

	if (file < 0) {
		perror(words[2]);
		return 1;
	}
	if (strcmp(how, "open") != 0) {
		off_t size = strcmp(how, "mapall") == 0 ? lseek(file, 0, SEEK_END) :
			     strcmp(how, "mapgiant") == 0 ? 1 << 30 : 2 << 20;

		place = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

		if (place == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
		place[0] = 1;
		if (strcmp(how, "locked") == 0 && mlock((void *)place, 2 << 20) != 0) {
			perror("mlock");
			return 1;
		}
		if (strcmp(how, "map") != 0)
			close(file);
	}
	signal(SIGUSR1, ask);
	if (strcmp(how, "threadleader") == 0) {
		pthread_t other;

		pthread_create(&other, NULL, wait_on, NULL);
		pthread_exit(NULL);
	}
	wait_on(NULL);
}
