/* Which descriptors are free. */
#include "fd_table.h"

int fd_table_find(const struct fd_table *table, uint32_t from, uint32_t limit)
{
	if (limit > FD_TABLE_SIZE)
		limit = FD_TABLE_SIZE;
	for (uint32_t fd = from > table->lowest ? from : table->lowest; fd < limit; fd++)
		if (table->words[fd] == 0)
			return (int)fd;
	return -1;
}

uint32_t fd_table_set(struct fd_table *table, uint32_t fd, uint32_t word)
{
	uint32_t old = table->words[fd];

	table->words[fd] = word;
	if (word != 0) {
		if (fd >= table->high)
			table->high = fd + 1;
		while (table->lowest < FD_TABLE_SIZE && table->words[table->lowest] != 0)
			table->lowest++;
	} else {
		while (table->high > 0 && table->words[table->high - 1] == 0)
			table->high--;
		if (fd < table->lowest)
			table->lowest = fd;
	}
	return old;
}
