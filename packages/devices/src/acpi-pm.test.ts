import { describe, expect, test } from 'vitest';
import { Piix4Pm, PM_TIMER_HZ } from './acpi-pm.ts';
import { nsOfTicks } from './clock.ts';
import { regionRead, regionWrite, type IoRegion } from './io-region.ts';
import { deviceContract, testEnv } from './testing.ts';

function pm() {
  const env = testEnv();
  const device = new Piix4Pm(env);
  const events: string[] = [];
  device.powerOff.connect((level) => void (level && events.push('power off')));
  device.attach({
    map: (space, address, region) => void events.push(`map ${space} ${address.toString(16)} ${region.name}`),
    unmap: (space, address, region) => void events.push(`unmap ${space} ${address.toString(16)} ${region.name}`),
    message() {},
  }, 0x0b);
  const at = (port: number): [IoRegion, number] =>
    port >= 0xafe0 ? [device.gpePorts, port - 0xafe0] : port >= 0x600 ? [device.pmPorts, port - 0x600] : [device.apmPorts, port - 0xb2];
  const inb = (port: number, bytes: 1 | 2 | 4 = 2) => regionRead(...at(port), bytes);
  const out = (port: number, value: number, bytes: 1 | 2 | 4 = 2) => regionWrite(...at(port), bytes, value);
  const toTick = (tick: number) => env.clock.advance(nsOfTicks(tick, PM_TIMER_HZ) - env.clock.now());
  return { env, device, events, inb, out, toTick };
}

const [STS, EN, CNT, TMR] = [0x600, 0x602, 0x604, 0x608] as const;

test('identity and reset values are those of QEMU\'s pc', () => {
  const { device } = pm();
  expect([0x00, 0x04, 0x08, 0x3c, 0x40, 0x5c, 0x60, 0x80].map((at) => device.configRead(at, 4))).toEqual([
    0x7113_8086, 0x0280_0000, 0x0680_0003, 0x100, 1, 0x1000_0000, 0x6000_0000, 0,
  ]);
});

test('the registers appear where PMBA says once PMREGMISC enables them, whatever the command register says', () => {
  const { device, events } = pm();
  device.configWrite(0x40, 4, 0x601);
  expect(events).toEqual([]);
  device.configWrite(0x80, 1, 1);
  device.configWrite(0x40, 4, 0xb001);
  device.configWrite(0x80, 1, 0);
  expect(events).toEqual(['map io 600 acpi-pm', 'unmap io 600 acpi-pm', 'map io b000 acpi-pm', 'unmap io b000 acpi-pm']);
});

describe('timer', () => {
  test('counts 3.579545 MHz in 24 bits', () => {
    const { env, inb } = pm();
    env.clock.advance(1_000_000_000);
    expect(inb(TMR, 4)).toBe(3_579_545);
    env.clock.advance(9_000_000_000);
    expect(inb(TMR, 4)).toBe(35_795_450 % 0x100_0000);
  });

  test('carry status rises when the top bit changes, and again after it was cleared', () => {
    const { inb, out, toTick } = pm();
    toTick(0x7f_ffff);
    expect(inb(STS) & 1).toBe(0);
    toTick(0x80_0000);
    expect(inb(STS) & 1).toBe(1);
    out(STS, 1);
    expect(inb(STS) & 1).toBe(0);
    toTick(0x100_0000);
    expect(inb(STS) & 1).toBe(1);
  });

  test('carry interrupt', () => {
    const { env, device, out, toTick } = pm();
    expect(env.clock.next()).toBeUndefined();
    out(0xb2, 0xf1, 1);
    out(EN, 1);
    toTick(0x80_0000);
    expect(device.sci.level).toBe(true);
    out(STS, 1);
    expect(device.sci.level).toBe(false);
  });
});

describe('system control interrupt', () => {
  test('power button: status, enable, and SCI_EN that the SMI command port sets', () => {
    const { device, inb, out } = pm();
    out(EN, 0x100);
    device.pressPowerButton();
    expect([device.sci.level, inb(STS)]).toEqual([false, 0x100]);
    out(0xb2, 0xf1, 1);
    expect([device.sci.level, inb(CNT)]).toEqual([true, 1]);
    out(STS, 0x100);
    expect(device.sci.level).toBe(false);
    out(0xb2, 0xf0, 1);
    expect(inb(CNT)).toBe(0);
  });

  test('general-purpose events', () => {
    const { device, inb, out } = pm();
    out(0xb2, 0xf1, 1);
    device.raiseGpe(9);
    expect([device.sci.level, inb(0xafe0, 4)]).toEqual([false, 0x0200]);
    out(0xafe2, 0x0200);
    expect(device.sci.level).toBe(true);
    out(0xafe0, 0x0200);
    expect(device.sci.level).toBe(false);
  });

  test('only events that exist can be enabled', () => {
    const { inb, out } = pm();
    out(EN, 0xffff);
    expect(inb(EN)).toBe(0x521);
  });
});

describe('sleep', () => {
  test('SLP_EN with type 0 (S5 in this machine\'s DSDT) turns the power off, once', () => {
    const { events, inb, out } = pm();
    out(CNT, 0x0400); // a type without SLP_EN
    expect(events).toEqual([]);
    out(CNT, 0x2001);
    expect(events).toEqual(['power off']);
    expect(inb(CNT)).toBe(0); // SLP_EN reads zero, SCI_EN is not written
  });

  test('suspend to RAM is logged as missing', () => {
    const { env, events, out } = pm();
    out(CNT, 0x2400);
    expect([events, env.log.unimplemented.length]).toEqual([[], 1]);
  });
});

deviceContract('PIIX4 power management', {
  make: (env) => new Piix4Pm(env),
  regions: (device) => [
    device.pmPorts, device.gpePorts, device.apmPorts,
    { name: 'config', size: 256, read: (at, n) => device.configRead(at, n), write: (at, n, value) => device.configWrite(at, n, value) },
  ],
  events: [
    (device) => device.pressPowerButton(),
    (device, random) => device.raiseGpe(random(16)),
    (device) => device.apmPorts.write(0, 1, 0xf1),
    (device) => device.pmPorts.write(2, 2, 0x121),
  ],
  pauseNs: 4_000_000_000,
});
