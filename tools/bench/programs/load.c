/* Loads that hit the TLB: eight of them a turn within 16 KiB. One unit: 200,000 turns. */
#include "bench.h"

static u32 data[4096 + 64];

u32 bench(u32 size) {
  u32 seed = 31, sum = 0;
  for (u32 i = 0; i < COUNT(data); i++) data[i] = lcg(&seed);
  while (size--) for (u32 i = 0; i < 200000; i++) {
    const volatile u32 *p = data + (i * 8 & 4095);
    sum += p[0] + p[1] + p[2] + p[3] + p[4] + p[5] + p[6] + p[7];
  }
  return sum;
}
