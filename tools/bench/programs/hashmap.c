/* Hash map with open addressing, linear probing and backward-shift deletion. One unit: 30,000 inserts, 60,000 look-ups, 30,000 removals. */
#include "bench.h"

enum { BITS = 16, SLOTS = 1 << BITS, MASK = SLOTS - 1, KEYS = 30000 };
static struct slot { u32 key, value; } slots[SLOTS];

static inline u32 home(u32 key) { return key * 2654435769u >> (32 - BITS); }

static NOINLINE struct slot *find(u32 key) {
  u32 i = home(key);
  while (slots[i].key && slots[i].key != key) i = (i + 1) & MASK;
  return &slots[i];
}

static NOINLINE void erase(u32 key) {
  struct slot *hole = find(key);
  if (!hole->key) return;
  u32 i = (u32)(hole - slots), j = i;
  for (;;) {
    j = (j + 1) & MASK;
    if (!slots[j].key) break;
    if (((j - home(slots[j].key)) & MASK) < ((j - i) & MASK)) continue;
    slots[i] = slots[j];
    i = j;
  }
  slots[i].key = 0;
}

u32 bench(u32 size) {
  u32 sum = 0, base = 99;
  while (size--) {
    u32 seed = base;
    for (u32 i = 0; i < KEYS; i++) {
      u32 key = lcg(&seed) | 1;
      struct slot *s = find(key);
      s->key = key, s->value += i;
    }
    for (int absent = 0; absent < 2; absent++) {
      seed = base + (u32)absent;
      for (u32 i = 0; i < KEYS; i++) {
        struct slot *s = find(lcg(&seed) | 1);
        sum = mix(sum, s->key ? s->value : 3);
      }
    }
    seed = base;
    for (u32 i = 0; i < KEYS; i++) erase(lcg(&seed) | 1);
    base = seed;
  }
  return sum;
}
