/* Transposing a 512 x 512 matrix of words, row by row: one side strides by 2 KiB. One unit: two transpositions. */
#include "bench.h"

enum { N = 512 };
static u32 a[N][N], b[N][N];

static NOINLINE void transpose(u32 (*restrict to)[N], u32 (*restrict from)[N]) {
  for (u32 i = 0; i < N; i++) for (u32 k = 0; k < N; k++) to[k][i] = from[i][k];
}

u32 bench(u32 size) {
  u32 seed = 19, sum = 0;
  for (u32 i = 0; i < N; i++) for (u32 k = 0; k < N; k++) a[i][k] = lcg(&seed);
  while (size--) {
    transpose(b, a);
    b[size % N][1]++;
    transpose(a, b);
    sum = mix(sum, a[1][size % N] + b[3][5]);
  }
  return sum;
}
