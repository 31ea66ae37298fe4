/* Sieve of Eratosthenes over a byte for each odd number: strided byte stores, a counting scan. One unit: the primes below 500,000. */
#include "bench.h"

enum { LIMIT = 500000, ODD = LIMIT / 2 };
static u8 composite[ODD];

static NOINLINE u32 primes(void) {
  u32 count = 1;
  for (u32 i = 0; i < ODD; i++) composite[i] = 0;
  for (u32 i = 1; i < ODD; i++) {
    if (composite[i]) continue;
    u32 p = 2 * i + 1;
    count++;
    for (u32 k = i + p; k < ODD; k += p) composite[k] = 1;
  }
  return count;
}

u32 bench(u32 size) {
  u32 sum = 0;
  while (size--) sum = mix(sum, primes());
  return sum;
}
