/* Product of two 96 x 96 matrices of doubles; with SSE2, two columns at once in packed arithmetic. One unit: one product. */
#include "bench.h"

enum { N = 96 };
#ifdef __SSE2__
typedef double lanes __attribute__((vector_size(16)));
enum { LANES = 2 };
#define ALL(x) (lanes){x, x}
#else
typedef double lanes;
enum { LANES = 1 };
#define ALL(x) (x)
#endif
static double a[N][N];
static lanes b[N][N / LANES], c[N][N / LANES];

static NOINLINE void multiply(void) {
  for (u32 i = 0; i < N; i++) for (u32 j = 0; j < N / LANES; j += 2) {
    lanes s = ALL(0.0), t = ALL(0.0);
    for (u32 k = 0; k < N; k++) {
      lanes x = ALL(a[i][k]);
      s += x * b[k][j];
      t += x * b[k][j + 1];
    }
    c[i][j] = s, c[i][j + 1] = t;
  }
}

u32 bench(u32 size) {
  u32 seed = 29, sum = 0;
  double *flat = (double *)b;
  for (u32 i = 0; i < N; i++) for (u32 k = 0; k < N; k++) a[i][k] = (lcg(&seed) >> 20) / 256.0, flat[i * N + k] = (lcg(&seed) >> 20) / 256.0;
  while (size--) {
    multiply();
    const double *result = (const double *)c;
    sum = mix(sum, (u32)result[size % N * N + 7]);
    a[size % N][3] += 1;
  }
  return sum;
}
