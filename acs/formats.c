#include <stdbool.h>
#include <string.h>

#include "server.h"

#include "formats.h"

bool formats_find(struct acs *acs, const uint8_t *head, size_t size, const char *name,
	size_t length, char runner[FORMAT_RUNNER_SIZE])
{
	const struct server *server;
	unsigned best = 0;

	pthread_mutex_lock(&acs->lock);
	for (server = acs->servers; server != NULL; server = server->next)
		for (unsigned i = 0; i < server->manifest.format_count; i++) {
			const struct format *format = &server->manifest.formats[i];
			unsigned fits = format_fits(format, head, size, name, length);

			if (fits > best) {
				best = fits;
				memcpy(runner, format->runner, FORMAT_RUNNER_SIZE);
			}
		}
	pthread_mutex_unlock(&acs->lock);
	return best > 0;
}
