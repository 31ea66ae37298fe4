/* Copying 256 KiB by words, eight a turn, between unaligned places. One unit: 16 copies. */
#include "bench.h"

enum { BYTES = 262144, ROUNDS = 16 };
static u8 from[BYTES + 64], to[BYTES + 64];

static NOINLINE void copy(word *restrict d, const word *restrict s, word n) {
  for (; n >= 8; n -= 8, d += 8, s += 8) {
    word a = s[0], b = s[1], c = s[2], e = s[3];
    d[0] = a, d[1] = b, d[2] = c, d[3] = e;
    __asm__("");
    a = s[4], b = s[5], c = s[6], e = s[7];
    d[4] = a, d[5] = b, d[6] = c, d[7] = e;
  }
}

u32 bench(u32 size) {
  u32 seed = 17, sum = 0;
  for (u32 i = 0; i < BYTES; i++) from[i] = (u8)(lcg(&seed) >> 24);
  while (size--) {
    from[size % BYTES]++;
    for (u32 i = 0; i < ROUNDS; i++) copy((word *)(to + (i & 7)), (const word *)(from + (i >> 1 & 7)), BYTES / sizeof(word));
    sum = mix(sum, to[size % BYTES] + (u32)to[1000] * 256);
  }
  return sum;
}
