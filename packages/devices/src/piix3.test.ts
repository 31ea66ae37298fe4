import { describe, expect, test } from 'vitest';
import { GsiLines } from './gsi.ts';
import { ApicBus } from './apic-bus.ts';
import { IoApic } from './ioapic.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { Pic8259 } from './pic.ts';
import { Piix3 } from './piix3.ts';
import { DeviceError } from './device.ts';
import { deviceContract, testEnv } from './testing.ts';

test('identity and reset values are those of QEMU\'s pc', () => {
  const piix3 = new Piix3(testEnv());
  expect([0x00, 0x04, 0x08, 0x0c, 0x4c, 0x60, 0x68, 0x70, 0x74, 0x78, 0xa0, 0xa8].map((at) => piix3.configRead(at, 4))).toEqual([
    0x7000_8086, 0x0200_0000, 0x0601_0000, 0x0080_0000, 0x0003_004d, 0x8080_8080, 0x200, 0x80, 0x0c0c_0000, 2, 8, 0x0f,
  ]);
});

describe('PIRQ routing', () => {
  for (let pirq = 0; pirq < 4; pirq++) {
    test(`PIRQ${'ABCD'[pirq]} drives the interrupt its register names, and none while disabled`, () => {
      const piix3 = new Piix3(testEnv());
      piix3.setPirq(pirq, true);
      expect(piix3.irqs.some((line) => line.level)).toBe(false);
      for (const irq of [3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15]) {
        piix3.configWrite(0x60 + pirq, 1, irq);
        expect(piix3.irqs.map((line, n) => (line.level ? n : -1)).filter((n) => n >= 0)).toEqual([irq]);
      }
      for (const reserved of [0, 1, 2, 8, 13, 0x8b]) {
        piix3.configWrite(0x60 + pirq, 1, reserved);
        expect(piix3.irqs.some((line) => line.level), `route ${reserved}`).toBe(false);
      }
    });
  }

  test('PIRQs that share an interrupt are ORed', () => {
    const piix3 = new Piix3(testEnv());
    piix3.configWrite(0x60, 2, 0x0a0a);
    piix3.setPirq(0, true);
    piix3.setPirq(1, true);
    piix3.setPirq(0, false);
    expect(piix3.irqs[10]!.level).toBe(true);
    piix3.setPirq(1, false);
    expect(piix3.irqs[10]!.level).toBe(false);
  });
});

test('port 0xcf9: a rising reset bit resets, the type bit alone does not', () => {
  const piix3 = new Piix3(testEnv());
  let resets = 0;
  piix3.resetRequest.connect((level) => {
    if (level) resets++;
  });
  regionWrite(piix3.resetPort, 1, 1, 0x02);
  expect([resets, regionRead(piix3.resetPort, 1, 1)]).toEqual([0, 2]);
  regionWrite(piix3.resetPort, 1, 1, 0x06);
  expect(resets).toBe(1);
  expect(regionRead(piix3.resetPort, 0, 1)).toBe(0xff);
});

describe('global system interrupts', () => {
  test('reach the 8259A and the I/O APIC; 0 arrives at pin 2; 16 and up only at the I/O APIC', () => {
    const env = testEnv();
    const pic = new Pic8259(env);
    const ioapic = new IoApic(env, new ApicBus());
    const gsi = new GsiLines(pic, ioapic);
    for (const n of [0, 4, 20]) gsi.input(n)(true);
    expect(pic.state.chips[0]!.irr).toBe(0x11);
    expect(ioapic.state.inputs).toBe((1 << 2) | (1 << 4) | (1 << 20));
  });

  test('two sources of one interrupt share its line', () => {
    const env = testEnv();
    const pic = new Pic8259(env);
    const gsi = new GsiLines(pic, new IoApic(env, new ApicBus()));
    const [a, b] = [gsi.input(10), gsi.input(10)];
    a(true);
    b(true);
    a(false);
    expect(pic.state.chips[1]!.inputs).toBe(4);
    b(false);
    expect(pic.state.chips[1]!.inputs).toBe(0);
  });

  test('the cascade has no input', () => {
    const env = testEnv();
    const gsi = new GsiLines(new Pic8259(env), new IoApic(env, new ApicBus()));
    expect(() => gsi.input(2)).toThrow(DeviceError);
    expect(() => gsi.input(24)).toThrow(DeviceError);
  });
});

deviceContract('PIIX3', {
  make: (env) => new Piix3(env),
  regions: (piix3) => [
    { name: 'config', size: 256, read: (at, n) => piix3.configRead(at, n), write: (at, n, value) => piix3.configWrite(at, n, value) },
    piix3.resetPort,
  ],
  events: [(piix3, random) => piix3.setPirq(random(4), random(2) === 1), (piix3, random) => piix3.configWrite(0x60 + random(4), 1, random(16))],
  survivesReset: true,
});
