// Three threads beside the first that meet at a barrier, work, and meet again.
// variants: static dynamic musl-dynamic
// flags: -O0
#include <pthread.h>
#include <stdio.h>

static pthread_barrier_t barrier;
int results[3];
__thread int mine = 10;

int work(int number)
{
	int sum = 0;
	mine += number;
	for (int i = 0; i <= number * 10; i++)
		sum += i;
	return sum;
}

static void *worker(void *argument)
{
	int number = *(int *)argument;
	pthread_barrier_wait(&barrier);
	results[number - 1] = work(number);
	pthread_barrier_wait(&barrier);
	return 0;
}

int main(void)
{
	pthread_t threads[3];
	int numbers[3] = { 1, 2, 3 };
	pthread_barrier_init(&barrier, 0, 4);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], 0, worker, &numbers[i]);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], 0);
	printf("%d %d %d\n", results[0], results[1], results[2]);
	return 0;
}
