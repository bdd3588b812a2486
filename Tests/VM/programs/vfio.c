// vfio GROUP FILE LENGTH: maps a device's first LENGTH bytes for DMA by the devices of a VFIO group, keeps them mapped.
// Prints "ready", and waits to be killed. Ends with status 2 where the kernel refuses.
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static void check(int good, const char *what, int status)
{
	if (good)
		return;
	perror(what);
	exit(status);
}

int main(int count, char **words)
{
	if (count != 4)
		return 64;
	size_t length = strtoull(words[3], NULL, 0);
	int container = open("/dev/vfio/vfio", O_RDWR), group = open(words[1], O_RDWR), file = open(words[2], O_RDWR);

	check(container >= 0, "/dev/vfio/vfio", 1);
	check(group >= 0, words[1], 1);
	check(file >= 0, words[2], 1);
	check(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) == 0, "VFIO_GROUP_SET_CONTAINER", 1);
	check(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0, "VFIO_SET_IOMMU", 1);

	void *place = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	check(place != MAP_FAILED, "mmap", 1);

	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)place,
		.iova = 0x10000000,
		.size = length,
	};

	check(ioctl(container, VFIO_IOMMU_MAP_DMA, &map) == 0, "VFIO_IOMMU_MAP_DMA", 2);
	close(file);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
