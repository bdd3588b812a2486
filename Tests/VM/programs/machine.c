// machine FILE LENGTH: makes a virtual machine (KVM) whose memory is a device's first LENGTH bytes. Prints "ready", and
// waits to be killed.
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **words)
{
	if (count != 3)
		return 64;
	size_t length = strtoull(words[2], NULL, 0);
	int kvm = open("/dev/kvm", O_RDWR), file = open(words[1], O_RDWR);
	void *place = file < 0 ? MAP_FAILED : mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	int guest = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	struct kvm_userspace_memory_region region = {
		.memory_size = length,
		.userspace_addr = (uintptr_t)place,
	};

	if (place == MAP_FAILED || guest < 0 || ioctl(guest, KVM_SET_USER_MEMORY_REGION, &region) != 0) {
		perror("KVM");
		return 2;
	}
	close(file);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
