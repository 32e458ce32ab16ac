// A null pointer is written through, two calls deep.
// variants: static dynamic musl-dynamic
// flags: -O0
// exit: 139

static int set(int *where)
{
	*where = 7; /* the crash */
	return *where;
}

static int middle(int *where)
{
	return set(where) + 1;
}

int main(void)
{
	return middle(0);
}
