// verbs FILE OFFSET LENGTH: registers a part of a device as a memory region for RDMA, with the first RDMA device there is;
// unmaps it and closes the file. Prints "ready", and waits to be killed. Ends with status 2 where the kernel refuses.
//
// link: -libverbs
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **words)
{
	if (count != 4)
		return 64;
	size_t length = strtoull(words[3], NULL, 0);
	int file = open(words[1], O_RDWR);

	if (file < 0) {
		perror(words[1]);
		return 1;
	}

	void *place = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)strtoull(words[2], NULL, 0));

	if (place == MAP_FAILED) {
		perror("mmap");
		return 1;
	}

	struct ibv_device **devices = ibv_get_device_list(NULL);
	struct ibv_context *context = devices != NULL && devices[0] != NULL ? ibv_open_device(devices[0]) : NULL;
	struct ibv_pd *domain = context != NULL ? ibv_alloc_pd(context) : NULL;

	if (domain == NULL) {
		perror("no RDMA device");
		return 1;
	}
	if (ibv_reg_mr(domain, place, length, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE) == NULL) {
		perror("ibv_reg_mr");
		return 2;
	}
	munmap(place, length);
	close(file);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
