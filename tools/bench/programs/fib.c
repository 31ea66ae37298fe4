/* Naive recursive Fibonacci: calls and returns. One unit: fib(24). */
#include "bench.h"

static NOINLINE __attribute__((optimize("no-optimize-sibling-calls"))) u32 fib(u32 n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

u32 bench(u32 size) {
  u32 sum = 0;
  while (size--) sum = mix(sum, fib(24));
  return sum;
}
