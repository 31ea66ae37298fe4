/* A call and a return a turn, from two places. One unit: 500,000 turns of two calls. */
#include "bench.h"

static NOINLINE u32 leaf(u32 x) {
  __asm__ volatile("" : "+r"(x));
  return x * 3 + 1;
}

u32 bench(u32 size) {
  u32 sum = 1;
  while (size--) for (u32 i = 0; i < 500000; i++) {
    sum += leaf(i);
    sum ^= leaf(sum);
  }
  return sum;
}
