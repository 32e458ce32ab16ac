/* Five bodies under gravity: scalar double arithmetic with square roots and divisions. */
#include <math.h>
#include <stdio.h>

struct body {
	double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[5] = {
	{ 0, 0, 0, 0, 0, 0, 39.5 },
	{ 4.8, -1.2, -0.1, 0.6, 2.8, -0.02, 0.038 },
	{ 8.3, 4.1, -0.4, -1.0, 1.8, 0.008, 0.011 },
	{ 12.9, -15.1, -0.2, 1.1, 0.9, -0.01, 0.0017 },
	{ 15.4, -25.9, 0.2, 1.0, 0.6, -0.03, 0.002 },
};

static void advance(double step)
{
	for (int i = 0; i < 5; i++)
		for (int j = i + 1; j < 5; j++) {
			struct body *a = &bodies[i], *b = &bodies[j];
			double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
			double square = dx * dx + dy * dy + dz * dz, pull = step / (square * sqrt(square));
			a->vx -= dx * b->mass * pull, a->vy -= dy * b->mass * pull, a->vz -= dz * b->mass * pull;
			b->vx += dx * a->mass * pull, b->vy += dy * a->mass * pull, b->vz += dz * a->mass * pull;
		}
	for (int i = 0; i < 5; i++) {
		struct body *a = &bodies[i];
		a->x += step * a->vx, a->y += step * a->vy, a->z += step * a->vz;
	}
}

static double energy(void)
{
	double sum = 0;
	for (int i = 0; i < 5; i++) {
		const struct body *a = &bodies[i];
		sum += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
		for (int j = i + 1; j < 5; j++) {
			const struct body *b = &bodies[j];
			double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
			sum -= a->mass * b->mass / sqrt(dx * dx + dy * dy + dz * dz);
		}
	}
	return sum;
}

int main(void)
{
	for (int i = 0; i < 1430000; i++)
		advance(0.01);
	printf("%.17g\n", energy());
}
