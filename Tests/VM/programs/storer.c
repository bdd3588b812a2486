// storer FILE: maps 2 MiB of a file or device, shared, stores to it, and prints "ready". On SIGUSR1 it stores again and
// prints "stored", on SIGUSR2 it loads and prints "loaded": each when the access is done. Waits to be killed.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **words)
{
	sigset_t asked;
	int signal;

	if (count != 2)
		return 64;
	sigemptyset(&asked);
	sigaddset(&asked, SIGUSR1);
	sigaddset(&asked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &asked, NULL);
	int file = open(words[1], O_RDWR);

	if (file < 0) {
		perror(words[1]);
		return 1;
	}
	volatile char *place = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (place == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	place[0] = 1;
	puts("ready");
	fflush(stdout);
	while (sigwait(&asked, &signal) == 0) {
		if (signal == SIGUSR1)
			place[0]++;
		else
			(void)place[0];
		puts(signal == SIGUSR1 ? "stored" : "loaded");
		fflush(stdout);
	}
	return 0;
}
