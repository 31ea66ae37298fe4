/* Radix-2 complex FFT of 2,048 points in double precision, there and back. One unit: two of each. */
#include "bench.h"

enum { BITS = 11, N = 1 << BITS };
static double re[N], im[N], cosine[N / 2], sine[N / 2];

static NOINLINE void fft(double sign) {
  for (u32 i = 0, k = 0; i < N; i++) {
    if (i < k) {
      double t = re[i];
      re[i] = re[k], re[k] = t, t = im[i], im[i] = im[k], im[k] = t;
    }
    u32 bit = N >> 1;
    for (; k & bit; bit >>= 1) k ^= bit;
    k |= bit;
  }
  for (u32 half = 1; half < N; half *= 2) for (u32 at = 0; at < N; at += 2 * half) for (u32 k = 0; k < half; k++) {
    double c = cosine[k * (N / 2 / half)], s = sign * sine[k * (N / 2 / half)];
    double *a = re + at + k, *b = im + at + k;
    double x = a[half] * c - b[half] * s, y = a[half] * s + b[half] * c;
    a[half] = a[0] - x, b[half] = b[0] - y, a[0] += x, b[0] += y;
  }
}

u32 bench(u32 size) {
  u32 seed = 23;
  double c = 1, s = 0, sum = 0;
  const double dc = 0.99999529380957617, ds = 0.0030679567629659761; /* cosine and sine of 2 pi / 2048 */
  for (u32 i = 0; i < N / 2; i++) {
    cosine[i] = c, sine[i] = s;
    double t = c * dc - s * ds;
    s = s * dc + c * ds, c = t;
  }
  for (u32 i = 0; i < N; i++) re[i] = (double)(lcg(&seed) >> 8) / 65536, im[i] = 0;
  while (size--) for (int i = 0; i < 2; i++) {
    fft(1);
    fft(-1);
    for (u32 k = 0; k < N; k++) re[k] *= 1.0 / N, im[k] *= 1.0 / N;
  }
  for (u32 i = 0; i < N; i++) sum += re[i] * (i % 7);
  return (u32)(i32)sum;
}
