/** Timing for benchmarks: CPU time of this process (all its threads), which other programs on the machine disturb less than the clock on the wall. */

/** Nanoseconds of CPU time that `run` takes. */
export function cpuNs(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

/** The best of `rounds` rounds: noise only ever adds. */
export function leastCpuNs(rounds: number, run: () => void): number {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) least = Math.min(least, cpuNs(run));
  return least;
}
