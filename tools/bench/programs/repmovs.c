/* REP MOVS and REP STOS by bytes and by words. One unit: 4 MiB moved, 2 MiB stored. */
#include "bench.h"

enum { BYTES = 262144, ROUNDS = 8 };
static u8 from[BYTES + 64], to[BYTES + 64];

static inline void movsb(void *d, const void *s, word n) { __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory"); }
static inline void movsl(void *d, const void *s, word n) { __asm__ volatile("rep movsl" : "+D"(d), "+S"(s), "+c"(n) : : "memory"); }
static inline void stosb(void *d, int v, word n) { __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(v) : "memory"); }

u32 bench(u32 size) {
  u32 sum = 0;
  while (size--) for (u32 i = 0; i < ROUNDS; i++) {
    stosb(from, (int)(i + size), BYTES);
    movsb(to + i, from, BYTES);
    movsl(to, from + 3 + i, BYTES / 4);
    sum = mix(sum, to[1234] + (u32)to[BYTES - 1] * 256);
  }
  return sum;
}
