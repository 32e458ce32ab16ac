/* Single-precision matrix product, vectorised by the compiler: FMLA on four lanes. */
#include <stdio.h>

enum { N = 256 };
static float a[N][N], b[N][N], c[N][N];

int main(void)
{
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			a[i][j] = (float)((i * 7 + j * 3) % 17) / 17, b[i][j] = (float)((i * 5 + j) % 13) / 13;
	for (int round = 0; round < 16; round++)
		for (int i = 0; i < N; i++)
			for (int k = 0; k < N; k++) {
				float factor = a[i][k] + (float)round;
				for (int j = 0; j < N; j++)
					c[i][j] += factor * b[k][j];
			}
	double sum = 0;
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			sum += c[i][j];
	printf("%.17g\n", sum);
}
