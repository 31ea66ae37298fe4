import { describe, expect, test } from 'vitest';
import { pcNvram } from './cmos-layout.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { Rtc } from './rtc.ts';
import { deviceContract, testEnv, type TestEnv } from './testing.ts';

const SECOND = 1_000_000_000;
/** A Tuesday. */
const START = Date.UTC(2024, 11, 31, 23, 59, 58) / 1000;

function clock(startSeconds = START, env: TestEnv = testEnv()) {
  const rtc = new Rtc(env, { startSeconds, nvram: pcNvram({ ramBelow4G: 512 << 20, ramAbove4G: 0, cpus: 1 }) });
  const out = (index: number, value: number) => (regionWrite(rtc.ports, 0, 1, index), regionWrite(rtc.ports, 1, 1, value));
  const inb = (index: number) => (regionWrite(rtc.ports, 0, 1, index), regionRead(rtc.ports, 1, 1));
  const time = () => [inb(0x32), inb(9), inb(8), inb(7), inb(6), inb(4), inb(2), inb(0)].map((n) => n.toString(16).padStart(2, '0')).join(' ');
  return { env, rtc, out, inb, time };
}

describe('calendar', () => {
  test('counts in BCD and 24 hours after power-on, over the end of a year', () => {
    const { env, time } = clock();
    expect(time()).toBe('20 24 12 31 03 23 59 58');
    env.clock.advance(3 * SECOND);
    expect(time()).toBe('20 25 01 01 04 00 00 01');
  });

  test('started within a second, changes when that second is over', () => {
    const { env, time } = clock(START + 0.75);
    env.clock.advance(0.249 * SECOND);
    expect(time()).toBe('20 24 12 31 03 23 59 58');
    env.clock.advance(0.001 * SECOND);
    expect(time()).toBe('20 24 12 31 03 23 59 59');
  });

  test('shows binary and 12 hours when register B says so, with bit 7 for the afternoon', () => {
    const { out, inb } = clock();
    out(0x0b, 0x04);
    expect([inb(4), inb(2), inb(0), inb(9)]).toEqual([0x80 | 11, 59, 58, 24]);
    out(0x0b, 0x00);
    expect(inb(4)).toBe(0x91);
  });

  test('midnight and noon are 12 in the 12-hour format', () => {
    for (const [hour, shown] of [[0, 0x12], [1, 0x01], [12, 0x92], [13, 0x81]] as const) {
      const { out, inb } = clock(Date.UTC(2024, 0, 1, hour) / 1000);
      out(0x0b, 0x00);
      expect(inb(4)).toBe(shown);
    }
  });

  test('the guest sets it under SET: time stands still, then runs on from what was written', () => {
    const { env, out, time } = clock();
    out(0x0b, 0x82);
    for (const [at, value] of [[0x32, 0x19], [9, 0x99], [8, 0x02], [7, 0x28], [6, 1], [4, 0x23], [2, 0x59], [0, 0x59]] as const) out(at, value);
    env.clock.advance(10 * SECOND);
    expect(time()).toBe('19 99 02 28 01 23 59 59');
    out(0x0b, 0x02);
    env.clock.advance(SECOND);
    expect(time()).toBe('19 99 03 01 02 00 00 00');
  });

  test('a running clock takes single bytes at once', () => {
    const { env, out, time } = clock();
    out(2, 0x30);
    env.clock.advance(2 * SECOND);
    expect(time()).toBe('20 24 12 31 03 23 31 00');
  });

  test('out of divider reset the first update comes after half a second', () => {
    const { env, out, inb } = clock();
    out(0x0a, 0x76);
    env.clock.advance(5 * SECOND);
    expect(inb(0)).toBe(0x58);
    out(0x0a, 0x26);
    env.clock.advance(SECOND / 2 - 1);
    expect(inb(0)).toBe(0x58);
    env.clock.advance(1);
    expect(inb(0)).toBe(0x59);
  });

  test('UIP is up for the 244 us before the calendar changes', () => {
    const { env, inb } = clock();
    env.clock.advance(SECOND - 244_001);
    expect(inb(0x0a)).toBe(0x26);
    env.clock.advance(1);
    expect(inb(0x0a)).toBe(0xa6);
    env.clock.advance(244_000);
    expect(inb(0x0a)).toBe(0x26);
  });
});

describe('IRQ 8', () => {
  test('update-ended interrupt, once a second until register C is read', () => {
    const { env, rtc, out, inb } = clock();
    out(0x0b, 0x12);
    env.clock.advance(SECOND - 1);
    expect(rtc.irq.level).toBe(false);
    env.clock.advance(1);
    expect(rtc.irq.level).toBe(true);
    expect(inb(0x0c)).toBe(0xd0); // PF rises at the rate of register A, enabled or not
    expect(rtc.irq.level).toBe(false);
    expect(inb(0x0c)).toBe(0);
    env.clock.advance(SECOND);
    expect(rtc.irq.level).toBe(true);
  });

  test('periodic interrupt at every rate of the data sheet (table 5)', () => {
    const frequencies = [0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2];
    frequencies.forEach((hertz, rate) => {
      const { env, rtc, out, inb } = clock();
      let seen = 0;
      rtc.irq.connect((level) => {
        if (level) seen++;
      });
      out(0x0a, 0x20 | rate);
      out(0x0b, 0x42);
      inb(0x0c);
      for (let i = 0; i < 1000; i++) {
        env.clock.advance(SECOND / 1000 / 16);
        if (rtc.irq.level) expect(inb(0x0c)).toBe(0xc0);
      }
      expect(seen, `rate ${rate}`).toBe(Math.floor(hertz / 16));
    });
  });

  test('alarm interrupt when hours, minutes and seconds match', () => {
    const { env, rtc, out, inb } = clock(Date.UTC(2024, 0, 1, 6, 29, 50) / 1000);
    for (const [at, value] of [[5, 0x06], [3, 0x30], [1, 0x05]] as const) out(at, value);
    out(0x0b, 0x22);
    env.clock.advance(15 * SECOND - 1);
    expect(rtc.irq.level).toBe(false);
    env.clock.advance(1);
    expect(rtc.irq.level).toBe(true);
    expect(inb(0x0c)).toBe(0xf0);
    env.clock.advance(86_400 * SECOND - 1);
    expect(rtc.irq.level).toBe(false);
    env.clock.advance(1);
    expect(rtc.irq.level).toBe(true);
  });

  test('alarm bytes from 0xc0 on match anything', () => {
    const { env, rtc, out } = clock(Date.UTC(2024, 0, 1, 6, 29, 50) / 1000);
    for (const [at, value] of [[5, 0xff], [3, 0xc0], [1, 0x10]] as const) out(at, value);
    out(0x0b, 0x22);
    const at: number[] = [];
    rtc.irq.connect((level) => {
      if (level) at.push(env.clock.now() / SECOND);
    });
    for (let i = 0; i < 180; i++) {
      env.clock.advance(SECOND);
      regionWrite(rtc.ports, 0, 1, 0x0c);
      regionRead(rtc.ports, 1, 1);
    }
    expect(at).toEqual([20, 80, 140]);
  });

  test('flags rise without their enables, and setting an enable later raises the line', () => {
    const { env, rtc, out, inb } = clock();
    env.clock.advance(SECOND);
    expect(rtc.irq.level).toBe(false);
    out(0x0b, 0x12);
    expect(rtc.irq.level).toBe(true);
    expect(inb(0x0c) & 0x70).toBe(0x50);
  });

  test('no timer runs while nothing is enabled', () => {
    const { env, out } = clock();
    expect(env.clock.next()).toBeUndefined();
    out(0x0b, 0x42);
    expect(env.clock.next()).toBe(976_563); // 1024 Hz
  });

  test('SET switches the update-ended interrupt off', () => {
    const { out, inb } = clock();
    out(0x0b, 0x92);
    expect(inb(0x0b)).toBe(0x82);
  });
});

describe('CMOS RAM', () => {
  test('keeps bytes over a reset; reset clears the interrupt enables', () => {
    const { rtc, out, inb } = clock();
    out(0x50, 0xa5);
    out(0x0b, 0x72);
    rtc.reset();
    expect([inb(0x50), inb(0x0b)]).toEqual([0xa5, 0x02]);
  });

  test('registers C and D and the index port cannot be written or read back', () => {
    const { rtc, out, inb } = clock();
    out(0x0d, 0);
    expect(inb(0x0d)).toBe(0x80);
    expect(regionRead(rtc.ports, 0, 1)).toBe(0xff);
  });

  // Read from qemu-system-x86_64 7.2 -M pc through its monitor.
  test('tells 512 MB as QEMU does', () => {
    const { inb } = clock();
    expect([0x14, 0x15, 0x16, 0x17, 0x18, 0x30, 0x31, 0x34, 0x35, 0x38, 0x3d, 0x5b, 0x5c, 0x5d, 0x5f].map(inb)).toEqual([
      0x06, 0x80, 0x02, 0xff, 0xff, 0xff, 0xff, 0x00, 0x1f, 0x10, 0x32, 0, 0, 0, 0,
    ]);
  });

  test('tells 6 GB and two processors as QEMU does', () => {
    const bytes = pcNvram({ ramBelow4G: 3 * 2 ** 30, ramAbove4G: 3 * 2 ** 30, cpus: 2 });
    expect([0x34, 0x35, 0x5b, 0x5c, 0x5d, 0x5f].map((at) => bytes[at])).toEqual([0x00, 0xbf, 0x00, 0xc0, 0x00, 0x01]);
  });
});

deviceContract('MC146818 RTC', {
  make: (env) => clock(START, env).rtc,
  regions: (rtc) => [rtc.ports],
  events: [(rtc, random) => (regionWrite(rtc.ports, 0, 1, random(14)), regionWrite(rtc.ports, 1, 1, random(256)))],
  pauseNs: 3 * SECOND,
  survivesReset: true,
});
