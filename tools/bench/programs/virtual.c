/* Calls through function pointers of eight kinds of object in random order. One unit: 200,000 calls. */
#include "bench.h"

enum { OBJECTS = 4000, ROUNDS = 50 };
struct shape;
typedef u32 method(struct shape *);
static struct shape { method *const *table; u32 a, b; } shapes[OBJECTS];

#define KIND(name, body) static NOINLINE u32 name(struct shape *s) { return body; } static method *const name##_table[] = {0, name};
KIND(square, s->a * s->a)
KIND(sum_of, s->a + s->b)
KIND(product, s->a * s->b)
KIND(count, ++s->a)
KIND(swap, (s->a ^= s->b, s->b ^= s->a, s->a ^= s->b))
KIND(spin, s->b = s->b << 7 | s->b >> 25)
KIND(larger, s->a > s->b ? s->a : s->b)
KIND(constant, 17)

u32 bench(u32 size) {
  static method *const *const kinds[] = {square_table, sum_of_table, product_table, count_table, swap_table, spin_table, larger_table, constant_table};
  u32 seed = 11, sum = 0;
  for (u32 i = 0; i < OBJECTS; i++) shapes[i] = (struct shape){kinds[lcg(&seed) >> 29], lcg(&seed), lcg(&seed)};
  while (size--) for (u32 round = 0; round < ROUNDS; round++) for (u32 i = 0; i < OBJECTS; i++) sum = mix(sum, shapes[i].table[1](&shapes[i]));
  return sum;
}
