/* getrandom and /dev/random: ChaCha20 keyed anew after every request (a later look into memory
 * does not tell earlier output). */
#include <asm/errno.h>
#include <linux/random.h>

#include "calls.h"
#include "random.h"

#define BLOCK 64u
#define ROUNDS 20

static struct {
	struct emul_lock lock;
	uint32_t key[8];
	uint32_t seeded; /* 0: mix in fresh entropy first */
} random;

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void quarter(uint32_t *s, int a, int b, int c, int d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

/* RFC 8439, 2.3, with a 64-bit block counter and a zero nonce. */
static void block(const uint32_t *key, uint64_t counter, uint32_t *out)
{
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(in + 4, key, 8 * sizeof *key);
	in[12] = (uint32_t)counter;
	in[13] = (uint32_t)(counter >> 32);
	memcpy(out, in, sizeof in);
	for (int i = 0; i < ROUNDS; i += 2) {
		for (int column = 0; column < 4; column++)
			quarter(out, column, 4 + column, 8 + column, 12 + column);
		for (int column = 0; column < 4; column++)
			quarter(out, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4,
				12 + (column + 3) % 4);
	}
	for (int i = 0; i < 16; i++)
		out[i] += in[i];
}

static uint64_t cycles(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static int has_rdrand(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return (c >> 30) & 1;
}

static int rdrand(uint32_t *word)
{
	uint8_t ok;

	for (int attempt = 0; attempt < 10; attempt++) {
		__asm__ volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
		if (ok)
			return 1;
	}
	return 0;
}

/* Stir words into the key. */
static void stir(const uint32_t *words)
{
	uint32_t out[16];

	for (int i = 0; i < 8; i++)
		random.key[i] ^= words[i];
	block(random.key, ~0ull, out);
	memcpy(random.key, out, sizeof random.key);
}

/* The low bits of the cycle counter around work whose time varies. */
static uint32_t jitter(void)
{
	uint32_t word = 0;

	for (int bit = 0; bit < 32; bit++) {
		volatile uint32_t sink[64] = { 0 };
		uint64_t start = cycles();

		for (unsigned i = 0; i < 64; i++)
			sink[(i * 17 + (unsigned)bit) & 63] = i;
		word ^= sink[bit];
		word = rotate(word, 1) ^ (uint32_t)(cycles() - start);
	}
	return word;
}

/* Random lock held. */
static void seed(void)
{
	uint32_t words[8] = { (uint32_t)cycles(), (uint32_t)(cycles() >> 32),
		(uint32_t)emul_process.pid, (uint32_t)emul_boot.start.incarnation,
		(uint32_t)emul_realtime_ns(), (uint32_t)emul_self(), 0, 0 };
	int hardware = has_rdrand();

	stir(words);
	for (int i = 0; i < 8; i++)
		if (!hardware || !rdrand(&words[i]))
			words[i] = jitter();
	stir(words);
	random.seeded = 1;
}

void random_bytes(void *to, size_t n)
{
	char *at = to;
	uint32_t out[16], key[8];
	uint64_t counter = 1;

	emul_lock(&random.lock);
	if (!random.seeded)
		seed();
	memcpy(key, random.key, sizeof key);
	block(key, 0, out);
	memcpy(random.key, out, sizeof random.key);
	emul_unlock(&random.lock);

	while (n > 0) {
		size_t part = n < BLOCK ? n : BLOCK;

		block(key, counter++, out);
		memcpy(at, out, part);
		at += part;
		n -= part;
	}
}

void random_fork_child(void)
{
	random.lock.word = 0;
	random.seeded = 0;
}

long sys_getrandom(const uint32_t *a)
{
	if (a[2] & ~(uint32_t)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (!emul_user_range(a[0], a[1]))
		return -EFAULT;
	random_bytes((void *)a[0], a[1]);
	return (long)a[1];
}
