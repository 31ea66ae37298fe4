/* The Mandelbrot set in double precision: a dependent chain of multiplications and a comparison. One unit: 64 x 64 points, at most 120 steps. */
#include "bench.h"

enum { N = 64, STEPS = 120 };

static NOINLINE u32 steps(double a, double b) {
  double x = 0, y = 0, xx = 0, yy = 0;
  u32 n = 0;
  for (; n < STEPS && xx + yy < 4; n++) y = 2 * x * y + b, x = xx - yy + a, xx = x * x, yy = y * y;
  return n;
}

u32 bench(u32 size) {
  u32 sum = 0;
  while (size--) for (int i = 0; i < N; i++) for (int k = 0; k < N; k++) sum += steps(-2 + k * (2.75 / N), -1.25 + i * (2.5 / N));
  return sum;
}
