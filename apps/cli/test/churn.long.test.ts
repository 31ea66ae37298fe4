/**
 * Memory of the compiler over time: minutes of stress-ng's CPU methods one after the other, again and again, beside a loop that starts programs without end, so that code
 * becomes hot, is compiled, goes cold and is thrown away all the time. `CHURN_MINUTES` (default 10) says for how long.
 */
import { expect, it } from 'vitest';
import { boot, guest } from './guests.ts';

const MINUTES = Number(process.env['CHURN_MINUTES'] ?? 10);
const MEMORY_MIB = 512;
const SAMPLE_MS = 5000;
/** What a process that does not grow may differ by from one third of the time to the next: garbage that waits for its collector. */
const NOISE_MIB = 32;
/** Beside the guest's RAM, all of which is touched: 360 MiB were measured. */
const BESIDE_MIB = 450;

it('ten minutes of stress-ng --class cpu and of exec in a loop take no more memory in the end than in the middle', async () => {
  await using emulator = boot(guest('debian'), { memory: `${MEMORY_MIB}M`, extra: ['-accel', 'jit'] });
  await emulator.shell();
  // the page cache takes all of the guest's RAM once: what grows from then on is ours
  await emulator.run(`head -c ${MEMORY_MIB}M /dev/vda >/dev/null; echo 1 >/proc/sys/kernel/printk`, 300);
  const work = emulator.run(
    `(while :; do /bin/true; ls /usr/bin >/dev/null; awk 'BEGIN { x = 1 }'; done) & churn=$!; timeout ${MINUTES * 60} sh -c 'while :; do stress-ng --class cpu --sequential 1 -t 4; done' >/dev/null 2>&1; kill $churn; echo over`,
    MINUTES * 60 + 300,
  );
  const samples: number[] = [];
  const timer = setInterval(() => samples.push(emulator.residentMiB), SAMPLE_MS);
  expect((await work).output).toContain('over');
  clearInterval(timer);
  const third = Math.floor(samples.length / 3), most = (list: readonly number[]): number => Math.max(...list);
  const [early, middle, late] = [samples.slice(0, third), samples.slice(third, 2 * third), samples.slice(2 * third)].map(most) as [number, number, number];
  console.log(`resident at most, MiB, by third of ${MINUTES} minutes: ${early.toFixed(0)}, ${middle.toFixed(0)}, ${late.toFixed(0)}`);
  expect(samples.length).toBeGreaterThan(MINUTES * 6);
  expect(late).toBeLessThan(middle + NOISE_MIB);
  expect(late).toBeLessThan(MEMORY_MIB + BESIDE_MIB);
});
