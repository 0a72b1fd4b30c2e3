#include "ports.h"

#include "files.h"

#define OPEN_BUS 0xff /* no chip answers */

/* The timer counts down from 65536 at 1193182 Hz. */
static uint16_t timer(const struct dos *dos)
{
	return (uint16_t) -
	       (uint64_t)(dos->world->now_ns(dos->world->context) / 1000 * 1193182 / 1000000);
}

static uint8_t bcd(int64_t n)
{
	return (uint8_t)(n / 10 % 10 << 4 | n % 10);
}

static uint8_t clock_chip(const struct dos *dos)
{
	int64_t seconds = dos->world->now_ns(dos->world->context) / 1000000000 + dos->clock_seconds;
	int year, month, day;

	date_from_days(seconds / 86400, &year, &month, &day);
	switch (dos->clock_register & 0x7f) {
	case 0x00:
		return bcd(seconds % 60);
	case 0x02:
		return bcd(seconds / 60 % 60);
	case 0x04:
		return bcd(seconds / 3600 % 24);
	case 0x06:
		return (uint8_t)((seconds / 86400 + 4) % 7 + 1);
	case 0x07:
		return bcd(day);
	case 0x08:
		return bcd(month);
	case 0x09:
		return bcd(year % 100);
	case 0x32:
		return bcd(year / 100);
	case 0x0b:
		return 0x02; /* 24 hours, BCD */
	case 0x0d:
		return 0x80; /* the battery is good */
	default:
		return 0;
	}
}

uint8_t ports_in(struct dos *dos, uint16_t port)
{
	uint8_t value;

	switch (port) {
	case 0x20:
	case 0xa0:
		return 0;
	case 0x21:
		return dos->interrupt_mask;
	case 0x40:
	case 0x41:
	case 0x42:
		if (!dos->timer_high)
			dos->timer_latch = timer(dos);
		value = (uint8_t)(dos->timer_high ? dos->timer_latch >> 8 : dos->timer_latch);
		dos->timer_high = !dos->timer_high;
		return value;
	case 0x60:
		return dos->key_count ? (uint8_t)(dos->keys[dos->key_first] >> 8) : 0;
	case 0x61:
		dos->speaker ^=
			0x10; /* memory is refreshed: delay loops count this bit's changes */
		return dos->speaker;
	case 0x64:
		return 0x14;
	case 0x71:
		return clock_chip(dos);
	case 0x3ba:
	case 0x3da:
		dos->retrace ^= 0x09; /* each look sees another phase of the beam */
		return dos->retrace;
	case 0x3d4:
		return dos->crt_register;
	case 0x3d5:
		return dos->crt_register < sizeof(dos->crt) ? dos->crt[dos->crt_register] : 0;
	default:
		return OPEN_BUS;
	}
}

void ports_out(struct dos *dos, uint16_t port, uint8_t value)
{
	switch (port) {
	case 0x21:
		dos->interrupt_mask = value;
		break;
	case 0x43:
		dos->timer_high = false;
		break;
	case 0x61:
		dos->speaker = value;
		break;
	case 0x70:
		dos->clock_register = value;
		break;
	case 0x3d4:
		dos->crt_register = value;
		break;
	case 0x3d5:
		if (dos->crt_register < sizeof(dos->crt))
			dos->crt[dos->crt_register] = value;
		break;
	default: /* no chip is there, or what it would do is not the program's */
		break;
	}
}
