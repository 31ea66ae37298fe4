import { expect, test } from 'vitest';
import { CompletionQueue } from './block-completion.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A piece of host work that finishes when the test says so. */
function work() {
  let finish!: () => void;
  let fail!: (error: Error) => void;
  const promise = new Promise<void>((resolve, reject) => { finish = resolve; fail = reject; });
  return { promise, finish, fail };
}

test('realtime: callbacks run only inside deliver, in the order in which the host finished', async () => {
  let woken = 0;
  const queue = new CompletionQueue({ onReady: () => woken++ });
  const log: string[] = [];
  const [a, b] = [work(), work()];
  queue.submit(a.promise, () => log.push('a'));
  queue.submit(b.promise, () => log.push('b'));
  expect(queue.deliver(0)).toBe(0);
  b.finish();
  await turn();
  expect(log).toEqual([]);
  expect(woken).toBe(1);
  a.finish();
  await turn();
  expect(woken).toBe(1);
  expect(queue.deliver(0)).toBe(2);
  expect(log).toEqual(['b', 'a']);
  expect(queue.pending).toBe(0);
  expect(queue.nextDeadlineNs).toBe(Infinity);
});

test('a rejection reaches the callback as its error', async () => {
  const queue = new CompletionQueue();
  const seen: unknown[] = [];
  const a = work();
  queue.submit(a.promise, (error) => seen.push(error));
  queue.submit(Promise.reject(undefined), (error) => seen.push(error));
  a.fail(new Error('disk on fire'));
  await turn();
  queue.deliver(0);
  expect(seen.map((e) => (e as Error).message).sort()).toEqual(['disk on fire', 'rejected without a reason']);
});

test('icount: delivery is at the virtual deadline in order of submission, whatever the host did', async () => {
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
    let now = 1000;
    const queue = new CompletionQueue({ mode: 'icount', now: () => now, latencyNs: (bytes) => 100 + bytes });
    const log: string[] = [];
    const works = [work(), work(), work()];
    works.forEach((w, i) => queue.submit(w.promise, () => log.push(`${i}@${now}`), 10 * i));
    for (const i of order) works[i]!.finish();
    await turn();
    while (queue.pending > 0) {
      now = queue.nextDeadlineNs;
      await queue.settled(now);
      queue.deliver(now);
    }
    expect(log).toEqual(['0@1100', '1@1210', '2@1330']);
  }
});

test('icount: nothing is delivered before its deadline, and settled waits for a slow host', async () => {
  let now = 0;
  const queue = new CompletionQueue({ mode: 'icount', now: () => now, latencyNs: () => 500 });
  const a = work();
  let done = false;
  expect(queue.submit(a.promise, () => { done = true; }).deadlineNs).toBe(500);
  now = 499;
  await queue.settled(now);
  expect(queue.deliver(now)).toBe(0);
  now = 500;
  let settled = false;
  const waiting = queue.settled(now).then(() => { settled = true; });
  await turn();
  expect(settled).toBe(false);
  expect(queue.deliver(now)).toBe(0);
  a.finish();
  await waiting;
  queue.deliver(now);
  expect(done).toBe(true);
});

test('icount: a restored request keeps its deadline and its place', () => {
  const queue = new CompletionQueue({ mode: 'icount', now: () => 1000, latencyNs: () => 500 });
  queue.submit(new Promise(() => {}), () => {});
  queue.submit(new Promise(() => {}), () => {}, 0, 1200);
  expect(queue.nextDeadlineNs).toBe(1200);
});

test('a callback may submit more work, and drain waits for that too', async () => {
  const queue = new CompletionQueue({ mode: 'icount', now: () => 0 });
  const log: number[] = [];
  const again = (n: number) => {
    log.push(n);
    if (n < 3) queue.submit(turn(), () => again(n + 1));
  };
  queue.submit(turn(), () => again(1));
  await queue.drain();
  expect(log).toEqual([1, 2, 3]);
});
