import { describe, expect, test } from 'vitest';
import { nsOfTicks, ticksIn } from './clock.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { Pit8254, PIT_HZ } from './pit.ts';
import { deviceContract, testEnv } from './testing.ts';

/** A timer under a clock that moves in timer ticks. Counter 2 is the one whose gate software controls (port 0x61 bit 0). */
function timer() {
  const env = testEnv();
  const pit = new Pit8254(env);
  const out = (port: number, ...values: number[]) => {
    for (const value of values) regionWrite(port === 0x61 ? pit.controlPort : pit.ports, port === 0x61 ? 0 : port - 0x40, 1, value);
  };
  const inb = (port: number) => regionRead(port === 0x61 ? pit.controlPort : pit.ports, port === 0x61 ? 0 : port - 0x40, 1);
  const ticks = (n: number) => env.clock.advance(nsOfTicks(ticksIn(env.clock.now(), PIT_HZ) + n, PIT_HZ) - env.clock.now());
  const count = (n: number) => (out(0x43, n << 6), inb(0x40 + n) | (inb(0x40 + n) << 8));
  /** OUT of counter `n` over the next ticks, as the data sheet draws it. */
  const wave = (n: number, length: number) => {
    let drawn = '';
    for (let i = 0; i < length; i++) {
      ticks(1);
      drawn += pit.output(n) ? '-' : '_';
    }
    return drawn;
  };
  const gate = (level: boolean) => out(0x61, level ? 1 : 0);
  return { env, pit, out, inb, ticks, count, wave, gate };
}

const LOW = 1 << 4;
const BOTH = 3 << 4;
const control = (counter: number, mode: number, format = LOW) => (counter << 6) | format | (mode << 1);

// The wave forms are those of the data sheet's figures 15 to 20; the first tick after the write loads the count.
describe('modes', () => {
  test('0: OUT goes high N+1 clocks after the count and stays there', () => {
    const { out, wave } = timer();
    out(0x43, control(0, 0));
    out(0x40, 4);
    expect(wave(0, 8)).toBe('____----');
  });

  test('0: the count goes on below zero, and a low gate stops it', () => {
    const { out, ticks, count, gate } = timer();
    gate(true);
    out(0x43, control(2, 0, BOTH));
    out(0x42, 3, 0);
    ticks(1 + 5);
    expect(count(2)).toBe(0xfffe);
    gate(false);
    ticks(10);
    expect(count(2)).toBe(0xfffe);
    gate(true);
    ticks(2);
    expect(count(2)).toBe(0xfffc);
  });

  test('0: the first byte of a two-byte count stops the counter with OUT low', () => {
    const { out, ticks, wave, pit } = timer();
    out(0x43, control(0, 0, BOTH));
    out(0x40, 2, 0);
    ticks(10);
    expect(pit.output(0)).toBe(true);
    out(0x40, 3);
    expect(wave(0, 3)).toBe('___');
    out(0x40, 0);
    expect(wave(0, 5)).toBe('___--');
  });

  test('1: a rising gate gives one low pulse of N clocks, and a second trigger starts it over', () => {
    const { out, wave, gate } = timer();
    out(0x43, control(2, 1));
    out(0x42, 3);
    expect(wave(2, 3)).toBe('---');
    gate(true);
    expect(wave(2, 6)).toBe('___---');
    gate(false);
    gate(true);
    expect(wave(2, 2)).toBe('__');
    gate(false);
    gate(true);
    expect(wave(2, 4)).toBe('___-');
  });

  test('2: OUT is low for the last clock of every period', () => {
    const { out, wave } = timer();
    out(0x43, control(0, 2));
    out(0x40, 3);
    expect(wave(0, 9)).toBe('--_--_--_');
  });

  test('2: a new count waits for the end of the period', () => {
    const { out, wave } = timer();
    out(0x43, control(0, 2));
    out(0x40, 5);
    expect(wave(0, 2)).toBe('--');
    out(0x40, 3);
    expect(wave(0, 9)).toBe('--_--_--_');
  });

  test('2: a low gate holds OUT high, a rising one starts the period over', () => {
    const { out, wave, gate } = timer();
    gate(true);
    out(0x43, control(2, 2));
    out(0x42, 3);
    expect(wave(2, 3)).toBe('--_');
    gate(false);
    expect(wave(2, 3)).toBe('---');
    gate(true);
    expect(wave(2, 6)).toBe('--_--_');
  });

  test('3: an even count is halved, an odd one is high for one clock more', () => {
    const { out, wave } = timer();
    out(0x43, control(0, 3));
    out(0x40, 4);
    expect(wave(0, 8)).toBe('--__--__');
    out(0x43, control(0, 3));
    out(0x40, 5);
    expect(wave(0, 10)).toBe('---__---__');
  });

  test('3: the count goes down by two', () => {
    const { out, count, ticks } = timer();
    out(0x43, control(0, 3, BOTH));
    out(0x40, 6, 0);
    ticks(1);
    const seen = [];
    for (let i = 0; i < 6; i++) {
      seen.push(count(0));
      ticks(1);
    }
    expect(seen).toEqual([6, 4, 2, 6, 4, 2]);
  });

  test('3: a new count waits for the end of the half period', () => {
    const { out, wave } = timer();
    out(0x43, control(0, 3));
    out(0x40, 8);
    expect(wave(0, 2)).toBe('--');
    out(0x40, 4);
    expect(wave(0, 6)).toBe('----__');
  });

  test('4: OUT is low for one clock when the count is up', () => {
    const { out, wave } = timer();
    out(0x43, control(0, 4));
    out(0x40, 3);
    expect(wave(0, 7)).toBe('---_---');
  });

  test('5: the same after a rising gate', () => {
    const { out, wave, gate } = timer();
    out(0x43, control(2, 5));
    out(0x42, 3);
    expect(wave(2, 4)).toBe('----');
    gate(true);
    expect(wave(2, 6)).toBe('---_--');
  });

  test('6 and 7 are 2 and 3', () => {
    const { out, inb } = timer();
    out(0x43, control(0, 6));
    out(0x43, control(1, 7));
    out(0x43, 0xe6); // status of both
    expect([(inb(0x40) >>> 1) & 7, (inb(0x41) >>> 1) & 7]).toEqual([2, 3]);
  });
});

describe('counts', () => {
  test('0 stands for 65536 in binary and 10000 in BCD', () => {
    const { out, ticks, count, pit } = timer();
    out(0x43, control(0, 0, BOTH));
    out(0x40, 0, 0);
    ticks(2);
    expect(count(0)).toBe(0xffff);
    out(0x43, control(0, 0, BOTH) | 1);
    out(0x40, 0, 0);
    ticks(2);
    expect(count(0)).toBe(0x9999);
    ticks(9999);
    expect(pit.output(0)).toBe(true);
  });

  test('single-byte formats set the other byte to zero', () => {
    const { out, inb, ticks } = timer();
    out(0x43, control(0, 0, 2 << 4));
    out(0x40, 0x12);
    ticks(1);
    expect(inb(0x40)).toBe(0x12);
    out(0x43, 0xc2 | 0x10);
    expect(inb(0x40)).toBe(0x12);
  });

  test('a latched count stays until it is read, a second latch command does nothing', () => {
    const { out, inb, ticks } = timer();
    out(0x43, control(0, 2, BOTH));
    out(0x40, 0x00, 0x10);
    ticks(1 + 5);
    out(0x43, 0);
    ticks(100);
    out(0x43, 0);
    expect([inb(0x40), inb(0x40)]).toEqual([0xfb, 0x0f]);
    expect(inb(0x40)).toBe(0x1000 - 105 - 0xf00);
  });

  test('read-back latches status before count, with the null count bit until the count is loaded', () => {
    const { out, inb, ticks } = timer();
    out(0x43, control(0, 2, BOTH));
    out(0x43, 0xe2);
    expect(inb(0x40)).toBe(0x80 | 0x40 | 0x34);
    out(0x40, 0x34, 0x12);
    ticks(1);
    out(0x43, 0xc2);
    expect([inb(0x40), inb(0x40), inb(0x40)]).toEqual([0x80 | 0x34, 0x34, 0x12]);
  });

  test('the control register cannot be read', () => {
    expect(timer().inb(0x43)).toBe(0xff);
  });
});

describe('IRQ 0', () => {
  const rises = (pit: Pit8254) => {
    const seen = { count: 0 };
    pit.irq.connect((level) => void (level && seen.count++));
    seen.count = 0;
    return seen;
  };

  test('is OUT0: 100 rising edges a second with Linux\'s divisor for HZ=100', () => {
    const { out, pit, env } = timer();
    out(0x43, 0x34);
    out(0x40, 11932 & 0xff, 11932 >>> 8);
    const seen = rises(pit);
    env.clock.advance(1_000_000_000);
    expect(seen.count).toBe(99); // 1193182 / 11932 = 99.998
    env.clock.advance(100_000);
    expect(seen.count).toBe(100);
  });

  test('comes once when the CPU was busy for many periods', () => {
    const { out, pit, env } = timer();
    out(0x43, 0x34);
    out(0x40, 0xe8, 0x03);
    const seen = rises(pit);
    env.clock.advanceLate(100_000_000);
    expect(seen.count).toBe(1);
    env.clock.advance(840_000); // and goes on at its own rate: 1 period is 838 us
    expect(seen.count).toBe(2);
  });

  test('comes once in one-shot use (mode 0 as Linux programs it)', () => {
    const { out, pit, env } = timer();
    out(0x43, 0x30);
    const seen = rises(pit);
    out(0x40, 0xa9, 0x04); // 1193: 1 ms
    env.clock.advance(990_000);
    expect(seen.count).toBe(0);
    env.clock.advance(100_000_000);
    expect(seen.count).toBe(1);
  });
});

describe('port 0x61', () => {
  test('the low four bits read back', () => {
    const { out, inb } = timer();
    out(0x61, 0xff);
    expect(inb(0x61) & 0xcf).toBe(0x0f);
  });

  test('the refresh toggle changes every 18 timer ticks', () => {
    const { inb, ticks } = timer();
    const first = inb(0x61) & 0x10;
    ticks(18);
    expect(inb(0x61) & 0x10).toBe(first ^ 0x10);
    ticks(18);
    expect(inb(0x61) & 0x10).toBe(first);
  });

  test('shows OUT2, so that a loop can wait 50 ms as Linux calibrates its TSC', () => {
    const { out, inb, env } = timer();
    out(0x61, 1);
    out(0x43, 0xb0);
    out(0x42, 59659 & 0xff, 59659 >>> 8);
    env.clock.advance(49_999_000);
    expect(inb(0x61) & 0x20).toBe(0);
    env.clock.advance(3_000);
    expect(inb(0x61) & 0x20).toBe(0x20);
  });
});

deviceContract('8254', {
  make: (env) => new Pit8254(env),
  regions: (pit) => [pit.ports, pit.controlPort],
});
