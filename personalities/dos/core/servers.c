/* Servers of the system, for programs that know their contracts. */
#include "servers.h"

#include <string.h>

#include "error.h"
#include "world.h"

#define SIGNATURE 0x4d58 /* "XM" */
#define VERSION 0x0100
#define WAIT_MS_MAX 10000
#define NAME_ROOM 256

static int find(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const unsigned wait_ms = cpu->cx < WAIT_MS_MAX ? cpu->cx : WAIT_MS_MAX;
	char name[NAME_ROOM];
	unsigned length, server;
	int error;

	for (length = 0; length < sizeof name; length++) {
		const uint8_t *at = dos_block(dos, cpu->ds, (uint16_t)(cpu->si + length), 1);

		if (at == NULL)
			return DOS_E_DATA;
		name[length] = (char)*at;
		if (*at == 0)
			break;
	}
	if (length == 0 || length == sizeof name)
		return DOS_E_FILE;
	error = dos->world->find_server(dos->world->context, name, wait_ms, &server);
	if (error == DOS_OK)
		cpu->bx = (uint16_t)server;
	return error;
}

/* Request and answer begin with the number of the message. */
static int call(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	const uint8_t *request = dos_block(dos, cpu->ds, cpu->si, 4u + cpu->cx);
	uint8_t *answer = dos_block(dos, cpu->es, cpu->di, cpu->dx);
	uint32_t id;
	unsigned size;
	int error;

	if (request == NULL || answer == NULL || cpu->dx < 4 || cpu->cx % 4 != 0)
		return DOS_E_DATA;
	id = get32(request);
	size = cpu->dx - 4u;
	error = dos->world->call_server(
		dos->world->context, cpu->bx, &id, request + 4, cpu->cx, answer + 4, &size);
	if (error == DOS_OK) {
		put32(answer, id);
		cpu->cx = (uint16_t)(size + 4);
	}
	return error;
}

void servers_interrupt(struct dos *dos)
{
	struct cpu *cpu = &dos->cpu;
	int error = DOS_E_FUNCTION;

	/* On the host nobody is there. */
	if (dos->world->find_server == NULL)
		return;
	switch (cpu->al) {
	case 0x00:
		cpu->al = 0xff;
		cpu->bx = SIGNATURE;
		cpu->cx = VERSION;
		return;
	case 0x01:
		error = find(dos);
		break;
	case 0x02:
		error = call(dos);
		break;
	case 0x03:
		error = dos->world->drop_server(dos->world->context, cpu->bx);
		break;
	}
	cpu->flags &= (uint16_t)~FLAG_CARRY;
	cpu->ax = 0;
	if (error != DOS_OK) {
		cpu->flags |= FLAG_CARRY;
		cpu->ax = (uint16_t)error;
	}
}
