/* Five bodies under gravity, leapfrog steps in double precision, with a square root and a division a pair. One unit: 4,000 steps. */
#include "bench.h"

enum { BODIES = 5, STEPS = 4000 };
static struct { double x[3], v[3], mass; } bodies[BODIES];

static NOINLINE void step(double dt) {
  for (int i = 0; i < BODIES; i++) for (int k = i + 1; k < BODIES; k++) {
    double d[3], square = 0.01;
    for (int c = 0; c < 3; c++) d[c] = bodies[i].x[c] - bodies[k].x[c], square += d[c] * d[c];
    double pull = dt / (square * __builtin_sqrt(square));
    for (int c = 0; c < 3; c++) bodies[i].v[c] -= d[c] * bodies[k].mass * pull, bodies[k].v[c] += d[c] * bodies[i].mass * pull;
  }
  for (int i = 0; i < BODIES; i++) for (int c = 0; c < 3; c++) bodies[i].x[c] += dt * bodies[i].v[c];
}

u32 bench(u32 size) {
  double sum = 0;
  for (int i = 0; i < BODIES; i++) {
    bodies[i].mass = i ? 0.03 / i : 1;
    for (int c = 0; c < 3; c++) bodies[i].x[c] = i * (1.0 + 0.3 * c), bodies[i].v[c] = i ? (c - 1) * 0.4 / i : 0;
  }
  while (size--) for (int i = 0; i < STEPS; i++) step(0.001);
  for (int i = 0; i < BODIES; i++) for (int c = 0; c < 3; c++) sum += bodies[i].x[c] * (i + 1);
  return (u32)(i32)(sum * 1e4);
}
