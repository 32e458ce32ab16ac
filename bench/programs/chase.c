/* Random look-ups in a hash table with chains: loads that depend on loads. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
	struct entry *next;
	uint64_t key, value;
};

enum { BUCKETS = 1 << 14, ENTRIES = 1 << 15 };
static struct entry *buckets[BUCKETS], entries[ENTRIES];

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31, x *= 0x9e3779b97f4a7c15, x ^= x >> 29;
	return x;
}

static struct entry *find(uint64_t key)
{
	struct entry *entry = buckets[mix(key) % BUCKETS];
	while (entry && entry->key != key)
		entry = entry->next;
	return entry;
}

int main(void)
{
	for (uint64_t i = 0; i < ENTRIES; i++) {
		struct entry *entry = &entries[i], **bucket = &buckets[mix(i * 3) % BUCKETS];
		*entry = (struct entry){ *bucket, i * 3, i };
		*bucket = entry;
	}
	uint64_t state = 1, sum = 0;
	for (int i = 0; i < 55000000; i++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		struct entry *entry = find((state >> 33) % (3 * ENTRIES));
		sum += entry ? entry->value++ : 1;
	}
	printf("%llu\n", (unsigned long long)sum);
}
