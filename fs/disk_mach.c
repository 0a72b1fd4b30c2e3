#include "disk_mach.h"

#include <device/device_types.h>
#include <mach/vm_param.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>

#include "device.h"
#include "mach.h"
#include "mach_debug.h"

#define KERNEL_DEVICE 10 /* as mach_port_kernel_object gives it */
#define WORTH_SAYING_MS 20

struct mach_disk {
	struct disk disk;
	mach_port_t device;
	const char *name;
};

static int read_disk(struct disk *disk, uint64_t offset, uint32_t length, void **data)
{
	struct mach_disk *mach = (struct mach_disk *)disk;
	io_buf_ptr_t buffer;
	mach_msg_type_number_t count;
	kern_return_t result;

	result = device_read(
		mach->device, 0, (recnum_t)(offset / DISK_SECTOR), (int)length, &buffer, &count);
	if (result == KERN_SUCCESS && count == length) {
		*data = buffer;
		return 0;
	}
	if (result == KERN_SUCCESS && count > 0)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)buffer, count);
	masix_log("%s: read of %u bytes at %llu: %s", mach->name, (unsigned)length,
		(unsigned long long)offset,
		result == KERN_SUCCESS ? "short" : masix_strerror(result));
	return MASIX_E_IO;
}

static int write_disk(struct disk *disk, uint64_t offset, uint32_t length, const void *data)
{
	struct mach_disk *mach = (struct mach_disk *)disk;
	const char *from = data;

	while (length > 0) {
		int written = 0;
		kern_return_t result;

		result = device_write(mach->device, 0, (recnum_t)(offset / DISK_SECTOR),
			(io_buf_ptr_t)from, length, &written);
		if (result != KERN_SUCCESS || written <= 0 ||
			(uint32_t)written % DISK_SECTOR != 0) {
			masix_log("%s: write of %u bytes at %llu: %s", mach->name, (unsigned)length,
				(unsigned long long)offset,
				result == KERN_SUCCESS ? "short" : masix_strerror(result));
			return MASIX_E_IO;
		}
		from += written;
		offset += (uint32_t)written;
		length -= (uint32_t)written;
	}
	return 0;
}

static void *allocate(struct disk *disk, uint32_t length)
{
	vm_address_t address = 0;

	(void)disk;
	if (vm_allocate(mach_task_self(), &address, length, TRUE) != KERN_SUCCESS)
		return NULL;
	return (void *)address;
}

static void release(struct disk *disk, void *data, uint32_t length)
{
	(void)disk;
	(void)vm_deallocate(mach_task_self(), (vm_address_t)data, length);
}

static bool is_device(mach_port_t name)
{
	unsigned type = 0;
	vm_offset_t address;

	return name != MACH_PORT_NULL &&
	       mach_port_kernel_object(mach_task_self(), name, &type, &address) == KERN_SUCCESS &&
	       type == KERNEL_DEVICE;
}

/* A device is closed when nothing is being read or written any more.  Its port ends with that, so that it may be the name of
 * another one already if the last owner died in here too. */
void disk_settle(const char *name, mach_port_t port)
{
	const uint64_t begin = masix_monotonic_ns();
	uint64_t ms;
	kern_return_t result;

	if (!is_device(port))
		return;
	result = device_close(port);
	if (result != KERN_SUCCESS)
		masix_fatal("%s: cannot be closed: %s", name, masix_strerror(result));
	ms = (masix_monotonic_ns() - begin) / 1000000;
	if (ms >= WORTH_SAYING_MS)
		masix_log("%s: waited %u ms for what the last file server was writing", name,
			(unsigned)ms);
}

int disk_open(mach_port_t device_master, const char *name, mach_port_t *port, struct disk **result)
{
	struct mach_disk *mach = calloc(1, sizeof(*mach));
	int status[DEV_GET_RECORDS_COUNT];
	mach_msg_type_number_t count = DEV_GET_RECORDS_COUNT;

	if (!mach)
		return MASIX_E_LIMIT;
	mach->name = name;
	mach->disk.read = read_disk;
	mach->disk.write = write_disk;
	mach->disk.allocate = allocate;
	mach->disk.release = release;
	if (device_open(device_master, D_READ | D_WRITE, (char *)name, &mach->device) !=
		KERN_SUCCESS) {
		mach->disk.read_only = true;
		if (device_open(device_master, D_READ, (char *)name, &mach->device) !=
			KERN_SUCCESS) {
			free(mach);
			return MASIX_E_NO_DEVICE;
		}
	}
	if (device_get_status(mach->device, DEV_GET_RECORDS, status, &count) != KERN_SUCCESS ||
		status[DEV_GET_RECORDS_RECORD_SIZE] != (int)DISK_SECTOR) {
		free(mach);
		return MASIX_E_NO_DEVICE;
	}
	*port = mach->device;
	mach->disk.size = (uint64_t)(uint32_t)status[DEV_GET_RECORDS_DEVICE_RECORDS] * DISK_SECTOR;
	*result = &mach->disk;
	return 0;
}
