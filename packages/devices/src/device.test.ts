import { describe, expect, test } from 'vitest';
import { nsOfTicks, ticksIn } from './clock.ts';
import { Device, type DeviceEnv } from './device.ts';
import { regionRead, regionWrite, type AccessBytes, type IoRegion } from './io-region.ts';
import { Line, WiredOr } from './line.ts';
import { copyLike, listOf, SnapshotError } from './snapshot.ts';
import { MockClock, testEnv } from './testing.ts';

describe('lines', () => {
  test('tell their listeners about changes only, and late listeners about a level that is already there', () => {
    const line = new Line('irq');
    const heard: boolean[] = [];
    line.connect((level) => void heard.push(level));
    line.set(true);
    line.set(true);
    line.pulse();
    line.pulse();
    expect(heard).toEqual([true, false, true, false]);
    line.set(true);
    let late = false;
    line.connect((level) => (late = level));
    expect(late).toBe(true);
  });

  test('a wired OR is high while any source is', () => {
    const heard: boolean[] = [];
    const gate = new WiredOr((level) => void heard.push(level));
    const [a, b] = [gate.input(), gate.input()];
    a(true);
    a(true);
    b(true);
    a(false);
    b(false);
    expect(heard).toEqual([true, false]);
  });
});

describe('virtual time', () => {
  test('ticks are exact over the clock\'s range and nsOfTicks is their inverse', () => {
    for (const hz of [1_193_182, 3_579_545, 32_768, 1_000_000_000]) {
      for (const ns of [0, 1, 838, 999_999_999, 1_000_000_000, 8_640_000_000_000_001, 2 ** 52]) {
        const ticks = ticksIn(ns, hz);
        expect(BigInt(ticks)).toBe((BigInt(ns) * BigInt(hz)) / 1_000_000_000n);
        const first = nsOfTicks(ticks, hz);
        expect(ticksIn(first, hz)).toBe(ticks);
        if (first > 0) expect(ticksIn(first - 1, hz)).toBe(ticks - 1);
      }
    }
  });

  test('timers fire in the order of their deadlines, at their time, once', () => {
    const clock = new MockClock();
    const fired: string[] = [];
    const owner = { onTimer: (event: string) => void fired.push(`${event}@${clock.now()}`) };
    const [a, b, c] = ['a', 'b', 'c'].map((event) => clock.timer(owner, event));
    a!.arm(300);
    b!.arm(100);
    c!.arm(200);
    c!.cancel();
    a!.arm(250);
    clock.advance(1000);
    expect(fired).toEqual(['b@100', 'a@250']);
    expect([clock.now(), a!.deadline]).toEqual([1000, undefined]);
  });
});

describe('access sizes', () => {
  const seen: string[] = [];
  const region = (min: AccessBytes, max: AccessBytes): IoRegion => ({
    name: 'r',
    size: 16,
    access: { min, max },
    read: (offset, bytes) => (seen.push(`r${offset}:${bytes}`), bytes === 1 ? 0x10 + offset : 0x8070_6050),
    write: (offset, bytes, value) => void seen.push(`w${offset}:${bytes}=${value.toString(16)}`),
  });
  const during = (action: () => unknown) => {
    seen.length = 0;
    const value = action();
    return [value, ...seen];
  };

  test('a wide access to a byte device is split, lowest address first', () => {
    expect(during(() => regionRead(region(1, 1), 2, 4))).toEqual([0x1514_1312, 'r2:1', 'r3:1', 'r4:1', 'r5:1']);
    expect(during(() => regionWrite(region(1, 1), 0, 2, 0xabcd))).toEqual([undefined, 'w0:1=cd', 'w1:1=ab']);
  });

  test('a narrow access to a word device takes its part of the aligned word', () => {
    expect(during(() => regionRead(region(4, 4), 6, 1))).toEqual([0x70, 'r4:4']);
    expect(during(() => regionWrite(region(4, 4), 6, 2, 0xbeef))).toEqual([undefined, 'w4:4=beef0000']);
  });

  test('values are unsigned', () => {
    expect(regionRead(region(1, 4), 0, 4)).toBe(0x8070_6050);
  });
});

describe('snapshots', () => {
  test('copy the template\'s fields and nothing else', () => {
    const template = { n: 0, on: false, set: new Uint8Array(2), pair: [0, 0], list: [] as number[], rows: listOf({ a: 0 }) };
    const value = { n: 5, on: true, set: Uint8Array.of(1, 2), pair: [3, 4], list: [5, 6, 7], rows: [{ a: 1, b: 2 }], extra: 1 };
    const copy = copyLike(template, value, 'x');
    expect(copy).toEqual({ n: 5, on: true, set: Uint8Array.of(1, 2), pair: [3, 4], list: [5, 6, 7], rows: [{ a: 1 }] });
    expect(copy.set).not.toBe(value.set);
  });

  test('refuse what does not fit, naming where', () => {
    const refuse = (template: object, value: unknown, message: RegExp) => expect(() => copyLike(template, value, 'x')).toThrow(message);
    refuse({ n: 0 }, { n: 1.5 }, /x\.n should be an integer, not 1\.5/);
    refuse({ n: 0 }, {}, /x\.n should be there/);
    refuse({ n: 0 }, Object.create({ n: 0 }) as object, /x\.n should be there/);
    refuse({ n: [0, 0] }, { n: [1] }, /x\.n should be a list of 2, not a list of 1/);
    refuse({ n: new Uint8Array(4) }, { n: new Uint16Array(2) }, /Uint8Array/);
    refuse({ n: [] }, { n: ['a'] }, /x\.n\[0\]/);
    refuse({ n: { m: 0 } }, { n: null }, /x\.n should be a record/);
  });
});

interface CounterState {
  count: number;
}

class Counter extends Device<CounterState> {
  readonly #tick = this.timer('tick');
  constructor(env: DeviceEnv) {
    super('counter', env);
    this.reset();
  }
  protected initial(): CounterState {
    return { count: 0 };
  }
  protected override limits() {
    return { count: 9 };
  }
  start(): void {
    this.#tick.arm(this.clock.now() + 10);
  }
  override onTimer(): void {
    this.state.count++;
  }
}

describe('a device', () => {
  test('saves armed timers and re-arms them elsewhere', () => {
    const env = testEnv();
    const counter = new Counter(env);
    counter.start();
    env.clock.advance(4);
    const otherEnv = testEnv(4);
    const other = new Counter(otherEnv);
    other.load(structuredClone(counter.save()));
    otherEnv.clock.advance(5);
    expect(other.state.count).toBe(0);
    otherEnv.clock.advance(1);
    expect(other.state.count).toBe(1);
  });

  test('reset cancels timers', () => {
    const env = testEnv();
    const counter = new Counter(env);
    counter.start();
    counter.reset();
    env.clock.advance(100);
    expect(counter.state.count).toBe(0);
  });

  test('refuses snapshots that are newer, out of limits, with unknown timers, or no snapshots at all', () => {
    const counter = new Counter(testEnv());
    const good = counter.save();
    const bad: unknown[] = [
      { ...good, version: 2 }, { ...good, state: { count: 10 } }, { ...good, state: { count: -1 } }, { ...good, timers: { other: 5 } },
      { ...good, timers: { tick: -5 } }, { ...good, timers: { tick: 0.5 } }, {}, null, undefined, 7,
    ];
    for (const snapshot of bad) expect(() => counter.load(snapshot as typeof good), JSON.stringify(snapshot)).toThrow(SnapshotError);
    expect(counter.state).toEqual({ count: 0 });
  });
});
