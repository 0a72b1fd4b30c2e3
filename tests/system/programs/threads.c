/* Four threads that count under a lock, as any user would write it: compiled by the host's plain gcc -m32 and run from
 * /host. Prints the sum and its arguments. */
#include <pthread.h>
#include <stdio.h>

#define THREADS 4
#define TIMES 10000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static __thread int mine;
static int sum, left = THREADS;

static void *count(void *unused)
{
	for (int i = 0; i < TIMES; i++) {
		mine++;
		pthread_mutex_lock(&lock);
		sum++;
		pthread_mutex_unlock(&lock);
	}
	pthread_mutex_lock(&lock);
	left--;
	pthread_cond_signal(&done);
	pthread_mutex_unlock(&lock);
	return mine == TIMES ? unused : NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	void *result;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, count, argv) != 0)
			return 2;
	pthread_mutex_lock(&lock);
	while (left > 0)
		pthread_cond_wait(&done, &lock);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], &result) != 0 || result != argv)
			return 3;
	printf("%d %s\n", sum, argc > 1 ? argv[1] : "-");
	return 0;
}
