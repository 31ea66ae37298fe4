import { describe, expect, test } from 'vitest';
import { ApicBus, Delivery } from './apic-bus.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { IoApic } from './ioapic.ts';
import { LocalApic } from './lapic.ts';
import { ApicReg } from './lapic-registers.ts';
import { LinearTsc } from './tsc.ts';
import { deviceContract, MockClock, testEnv, type TestEnv } from './testing.ts';

/** Time that passes while a device works, as the host's does: 1 us at each look at the clock, `aheadNs` without any timer being served. */
class PassingClock extends MockClock {
  aheadNs = 0;

  override now(): number {
    this.aheadNs += 1000;
    return super.now() + this.aheadNs;
  }
}

function cpus(count = 1, env: TestEnv = testEnv()) {
  const bus = new ApicBus();
  const events: string[] = [];
  let picVector = 0x70;
  const tsc = new LinearTsc(env.clock, 2_000_000_000);
  const make = (id: number) => {
    const apic = new LocalApic(env, {
      id,
      bootProcessor: id === 0,
      bus,
      tsc,
      pic: { acknowledge: () => picVector++ },
      cpu: {
        nmi: () => void events.push(`cpu${id} nmi`),
        smi: () => void events.push(`cpu${id} smi`),
        init: () => void events.push(`cpu${id} init`),
        startup: (vector) => void events.push(`cpu${id} startup ${vector.toString(16)}`),
      },
      moved: (address) => void events.push(`cpu${id} at ${address?.toString(16)}`),
    });
    const read = (register: number) => regionRead(apic.mmio, register << 4, 4);
    const write = (register: number, value: number) => regionWrite(apic.mmio, register << 4, 4, value);
    const enable = () => (write(ApicReg.SVR, 0x1ff), write(ApicReg.LDR, (1 << id) << 24));
    const x2apic = () => (apic.writeMsr(0x1b, 0xfee0_0800, 0), apic.writeMsr(0x1b, 0xfee0_0c00, 0));
    const msr = (index: number) => (apic.readMsr(index) ? [apic.msrLow, apic.msrHigh] : 'GP');
    return { apic, read, write, enable, x2apic, msr };
  };
  const all = Array.from({ length: count }, (_, id) => make(id));
  for (const cpu of all) cpu.enable();
  events.length = 0;
  return { env, bus, events, tsc, all, ...all[0]! };
}

const MASKED = 1 << 16;

describe('interrupts and priorities', () => {
  test('a fixed interrupt raises INTR, goes from IRR to ISR on acknowledge, and ends with EOI', () => {
    const { apic, read, write } = cpus();
    apic.accept(Delivery.FIXED, 0x51, false);
    expect([apic.intr.level, read(ApicReg.IRR + 2)]).toEqual([true, 1 << 17]);
    expect(apic.acknowledge()).toBe(0x51);
    expect([apic.intr.level, read(ApicReg.IRR + 2), read(ApicReg.ISR + 2), read(ApicReg.PPR)]).toEqual([false, 0, 1 << 17, 0x50]);
    write(ApicReg.EOI, 0);
    expect(read(ApicReg.ISR + 2)).toBe(0);
  });

  test('higher vectors go first, a class in service holds back its own class', () => {
    const { apic, write } = cpus();
    for (const vector of [0x31, 0x81, 0x8f]) apic.accept(Delivery.FIXED, vector, false);
    expect(apic.acknowledge()).toBe(0x8f);
    expect(apic.intr.level).toBe(false);
    apic.accept(Delivery.FIXED, 0x91, false);
    expect(apic.acknowledge()).toBe(0x91);
    write(ApicReg.EOI, 0);
    write(ApicReg.EOI, 0);
    expect(apic.acknowledge()).toBe(0x81);
  });

  test('TPR, or CR8, holds back its class and those below', () => {
    const { apic, read, write } = cpus();
    write(ApicReg.TPR, 0x50);
    apic.accept(Delivery.FIXED, 0x5f, false);
    expect([apic.intr.level, apic.cr8, read(ApicReg.PPR)]).toEqual([false, 5, 0x50]);
    apic.cr8 = 4;
    expect([apic.intr.level, read(ApicReg.TPR)]).toEqual([true, 0x40]);
  });

  test('a request that TPR took back before the acknowledge gives the spurious vector, not in service', () => {
    const { apic, read, write } = cpus();
    write(ApicReg.SVR, 0x1ef);
    apic.accept(Delivery.FIXED, 0x41, false);
    write(ApicReg.TPR, 0xff);
    expect(apic.acknowledge()).toBe(0xef);
    expect(read(ApicReg.ISR + 7)).toBe(0);
  });

  test('while software-disabled it takes no fixed interrupts and masks its LVT', () => {
    const { apic, read, write } = cpus();
    write(ApicReg.LVT_LINT0, 0x700);
    write(ApicReg.SVR, 0xff);
    apic.accept(Delivery.FIXED, 0x41, false);
    expect(apic.intr.level).toBe(false);
    write(ApicReg.LVT_LINT0, 0x700);
    expect(read(ApicReg.LVT_LINT0)).toBe(MASKED | 0x700);
  });

  test('a level interrupt sets TMR, and its EOI reaches the I/O APIC', () => {
    const { env, bus, apic, read, write } = cpus();
    const ioapic = new IoApic(env, bus);
    regionWrite(ioapic.mmio, 0, 4, 0x10 + 2 * 11);
    regionWrite(ioapic.mmio, 0x10, 4, (1 << 15) | 0x61);
    ioapic.setPin(11, true);
    expect(read(ApicReg.TMR + 3)).toBe(2);
    expect(apic.acknowledge()).toBe(0x61);
    expect(apic.intr.level).toBe(false);
    write(ApicReg.EOI, 0);
    expect(apic.intr.level).toBe(true); // the line is still high
    apic.acknowledge();
    ioapic.setPin(11, false);
    write(ApicReg.EOI, 0);
    expect(apic.intr.level).toBe(false);
  });
});

describe('the 8259A behind LINT0', () => {
  test('virtual wire mode passes it on; the acknowledge goes to the 8259A, after the local APIC\'s own interrupts', () => {
    const { apic } = cpus();
    apic.virtualWire();
    apic.setLint(0, true);
    apic.accept(Delivery.FIXED, 0x55, false);
    expect(apic.acknowledge()).toBe(0x55);
    expect(apic.intr.level).toBe(true);
    expect(apic.acknowledge()).toBe(0x70);
    apic.setLint(0, false);
    expect(apic.intr.level).toBe(false);
  });

  test('masked, it is silent; with the APIC globally disabled it is INTR itself', () => {
    const { apic, write } = cpus();
    write(ApicReg.LVT_LINT0, MASKED | 0x700);
    apic.setLint(0, true);
    expect(apic.intr.level).toBe(false);
    expect(apic.writeMsr(0x1b, 0xfee0_0100, 0)).toBe(true);
    expect(apic.intr.level).toBe(true);
    expect(apic.acknowledge()).toBe(0x70);
  });

  test('an ExtINT message of an I/O APIC is acknowledged once', () => {
    const { bus, apic } = cpus();
    bus.send(0, false, Delivery.EXTINT, 0, false);
    expect([apic.intr.level, apic.acknowledge(), apic.intr.level]).toEqual([true, 0x70, false]);
  });

  test('LINT1 as NMI, and as a fixed level interrupt with remote IRR', () => {
    const { apic, events, read, write } = cpus();
    write(ApicReg.LVT_LINT1, 0x400);
    apic.setLint(1, true);
    expect(events).toEqual(['cpu0 nmi']);
    apic.setLint(1, false);
    write(ApicReg.LVT_LINT1, (1 << 15) | 0x44);
    apic.setLint(1, true);
    expect(read(ApicReg.LVT_LINT1)).toBe((1 << 15) | (1 << 14) | 0x44);
    expect(apic.acknowledge()).toBe(0x44);
    write(ApicReg.EOI, 0);
    expect(apic.acknowledge()).toBe(0x44); // still high
    apic.setLint(1, false);
    write(ApicReg.EOI, 0);
    expect([apic.intr.level, read(ApicReg.LVT_LINT1)]).toEqual([false, (1 << 15) | 0x44]);
  });
});

describe('timer', () => {
  test('one-shot: the count runs down once, at 1 GHz divided by DCR', () => {
    const { env, apic, read, write } = cpus();
    write(ApicReg.TIMER_DIVIDE, 0x3); // by 16
    write(ApicReg.LVT_TIMER, 0x40);
    write(ApicReg.TIMER_INITIAL, 1000);
    env.clock.advance(1600);
    expect(read(ApicReg.TIMER_CURRENT)).toBe(900);
    env.clock.advance(14_399);
    expect([apic.intr.level, read(ApicReg.TIMER_CURRENT)]).toEqual([false, 1]);
    env.clock.advance(1);
    expect([apic.acknowledge(), read(ApicReg.TIMER_CURRENT)]).toEqual([0x40, 0]);
    env.clock.advance(1e9);
    expect([apic.intr.level, env.clock.next()]).toEqual([false, undefined]);
  });

  test('every divide configuration of SDM figure 11-10', () => {
    const { env, read, write } = cpus();
    [[0, 2], [1, 4], [2, 8], [3, 16], [8, 32], [9, 64], [10, 128], [11, 1]].forEach(([code, divisor]) => {
      write(ApicReg.TIMER_DIVIDE, code!);
      write(ApicReg.TIMER_INITIAL, 1000);
      env.clock.advance(100 * divisor!);
      expect(read(ApicReg.TIMER_CURRENT)).toBe(900);
    });
  });

  test('periodic: an interrupt every period, and after a busy time it keeps its phase', () => {
    const { env, apic, write } = cpus();
    write(ApicReg.TIMER_DIVIDE, 0xb);
    write(ApicReg.LVT_TIMER, (1 << 17) | 0x40);
    write(ApicReg.TIMER_INITIAL, 1000);
    let seen = 0;
    const take = () => {
      if (!apic.intr.level) return;
      apic.acknowledge();
      write(ApicReg.EOI, 0);
      seen++;
    };
    for (let i = 0; i < 100; i++) {
      env.clock.advance(100);
      take();
    }
    expect(seen).toBe(10);
    env.clock.advanceLate(50_500);
    take();
    expect([seen, env.clock.next()]).toEqual([11, 61_000]);
  });

  test('a masked timer counts without interrupts and needs no host timer', () => {
    const { env, apic, read, write } = cpus();
    write(ApicReg.LVT_TIMER, MASKED | (1 << 17) | 0x40);
    write(ApicReg.TIMER_INITIAL, 1000);
    expect(env.clock.next()).toBeUndefined();
    env.clock.advance(2500);
    expect([apic.intr.level, read(ApicReg.TIMER_CURRENT)]).toEqual([false, 750]);
    write(ApicReg.LVT_TIMER, (1 << 17) | 0x40);
    env.clock.advance(1500);
    expect(apic.intr.level).toBe(true);
  });

  test('a count shorter than the write takes is not lost', () => {
    const { env, write } = cpus(1, { ...testEnv(), clock: new PassingClock() });
    write(ApicReg.LVT_TIMER, 0x40);
    write(ApicReg.TIMER_DIVIDE, 0x3);
    write(ApicReg.TIMER_INITIAL, 1);
    expect(env.clock.next()).toBeTypeOf('number');
  });

  test.each([
    ['another count', ApicReg.TIMER_INITIAL, 5000], ['another vector', ApicReg.LVT_TIMER, 0x50], ['its mask', ApicReg.LVT_TIMER, MASKED | 0x40],
    ['another divisor', ApicReg.TIMER_DIVIDE, 0xb], ['the spurious vector', ApicReg.SVR, 0x1fe],
  ])('an expiry that was not served yet when the guest writes %s came before the write', (_, register, value) => {
    const clock = new PassingClock();
    const { apic, write } = cpus(1, { ...testEnv(), clock });
    write(ApicReg.LVT_TIMER, 0x40);
    write(ApicReg.TIMER_INITIAL, 50_000);
    expect(apic.intr.level).toBe(false);
    clock.aheadNs += 200_000;
    write(register, value);
    expect(apic.intr.level).toBe(true);
    expect(apic.acknowledge()).toBe(0x40);
  });

  test('TSC-deadline: one interrupt when the TSC gets there, then the MSR reads zero', () => {
    const { env, apic, msr, write } = cpus();
    write(ApicReg.LVT_TIMER, (2 << 17) | 0x40);
    apic.writeMsr(0x6e0, 10_000, 0); // 5 us at 2 GHz
    expect(msr(0x6e0)).toEqual([10_000, 0]);
    env.clock.advance(4999);
    expect(apic.intr.level).toBe(false);
    env.clock.advance(1);
    expect([apic.acknowledge(), msr(0x6e0)]).toEqual([0x40, [0, 0]]);
    write(ApicReg.EOI, 0);
    apic.writeMsr(0x6e0, 1, 0); // in the past: at once
    env.clock.advance(0);
    expect(apic.intr.level).toBe(true);
  });

  test('TSC-deadline: zero disarms, moving the TSC moves the deadline, other modes ignore the MSR', () => {
    const { env, tsc, apic, msr, write } = cpus();
    write(ApicReg.LVT_TIMER, (2 << 17) | 0x40);
    apic.writeMsr(0x6e0, 10_000, 0);
    tsc.write(9_000, 0);
    apic.tscChanged();
    expect(env.clock.next()).toBe(500);
    apic.writeMsr(0x6e0, 0, 0);
    expect(env.clock.next()).toBeUndefined();
    apic.writeMsr(0x6e0, 50_000, 0);
    write(ApicReg.LVT_TIMER, 0x40);
    expect([env.clock.next(), msr(0x6e0)]).toEqual([undefined, [0, 0]]);
    apic.writeMsr(0x6e0, 10_000, 0);
    expect(msr(0x6e0)).toEqual([0, 0]);
  });
});

describe('interprocessor interrupts', () => {
  const send = (cpu: ReturnType<typeof cpus>['all'][0], low: number, destination = 0) => {
    cpu.write(ApicReg.ICR_HIGH, destination << 24);
    cpu.write(ApicReg.ICR, low);
  };
  const takers = (all: ReturnType<typeof cpus>['all']) =>
    all.flatMap(({ apic, write }, id) => (apic.intr.level ? (apic.acknowledge(), write(ApicReg.EOI, 0), [id]) : []));

  test('physical destination, 0xff for all, and the four shorthands', () => {
    const { all } = cpus(4);
    send(all[0]!, 0x4041, 2);
    expect(takers(all)).toEqual([2]);
    send(all[0]!, 0x4041, 0xff);
    expect(takers(all)).toEqual([0, 1, 2, 3]);
    send(all[1]!, 0x4_4041);
    expect(takers(all)).toEqual([1]);
    send(all[1]!, 0x8_4041);
    expect(takers(all)).toEqual([0, 1, 2, 3]);
    send(all[1]!, 0xc_4041);
    expect(takers(all)).toEqual([0, 2, 3]);
  });

  test('logical destinations: flat and cluster model', () => {
    const { all } = cpus(4);
    send(all[0]!, 0x4841, 0b1010);
    expect(takers(all)).toEqual([1, 3]);
    all.forEach(({ write }, id) => {
      write(ApicReg.DFR, 0);
      write(ApicReg.LDR, ((id >>> 1) << 28) | ((1 << (id & 1)) << 24));
    });
    send(all[0]!, 0x4841, 0x13);
    expect(takers(all)).toEqual([2, 3]);
    send(all[0]!, 0x4841, 0xf1);
    expect(takers(all)).toEqual([0, 2]);
  });

  test('INIT and start-up bring up another processor, INIT resets its APIC but not its id', () => {
    const { all, events } = cpus(2);
    all[1]!.write(ApicReg.TPR, 0x20);
    send(all[0]!, 0xc500, 1);
    send(all[0]!, 0x8500, 1); // de-assert: nothing
    send(all[0]!, 0x4608, 1);
    expect(events).toEqual(['cpu1 init', 'cpu1 startup 8']);
    expect([all[1]!.read(ApicReg.TPR), all[1]!.read(ApicReg.SVR), all[1]!.read(ApicReg.ID)]).toEqual([0, 0xff, 0x0100_0000]);
  });

  test('NMI and SMI', () => {
    const { all, events } = cpus(2);
    send(all[0]!, 0x4400, 1);
    send(all[0]!, 0x4200, 1);
    expect(events).toEqual(['cpu1 nmi', 'cpu1 smi']);
  });

  test('a vector below 16 is an error on both sides, shown by ESR after a write and by the error interrupt', () => {
    const { all } = cpus(2);
    all[0]!.write(ApicReg.LVT_ERROR, 0xfe);
    send(all[0]!, 0x4005, 1);
    all[0]!.write(ApicReg.ESR, 0);
    all[1]!.write(ApicReg.ESR, 0);
    expect([all[0]!.read(ApicReg.ESR), all[1]!.read(ApicReg.ESR)]).toEqual([0x20, 0x40]);
    expect(all[0]!.apic.acknowledge()).toBe(0xfe);
    all[0]!.write(ApicReg.ESR, 0);
    expect(all[0]!.read(ApicReg.ESR)).toBe(0);
  });
});

describe('registers', () => {
  test('after reset as QEMU shows them', () => {
    const { apic, read } = cpus();
    apic.reset();
    const { ID, VERSION, TPR, LDR, DFR, SVR, LVT_TIMER, LVT_LINT0, LVT_ERROR, TIMER_DIVIDE } = ApicReg;
    expect([ID, VERSION, TPR, LDR, DFR, SVR, LVT_TIMER, LVT_LINT0, LVT_ERROR, TIMER_DIVIDE].map(read)).toEqual([
      0, 0x0005_0014, 0, 0, 0xffff_ffff, 0xff, MASKED, MASKED, MASKED, 0,
    ]);
  });

  test('an address without a register is an error (ESR bit 7) and a guest error', () => {
    const { env, apic, read, write } = cpus();
    expect(read(0x3a)).toBe(0);
    expect(regionRead(apic.mmio, 0x24, 4)).toBe(0);
    write(ApicReg.ESR, 0);
    expect([read(ApicReg.ESR), env.log.guestErrors.length]).toEqual([0x80, 2]);
  });
});

describe('x2APIC', () => {
  test('mode changes follow SDM figure 11-27: only off - xAPIC - x2APIC - off', () => {
    const { apic, events } = cpus();
    expect(apic.writeMsr(0x1b, 0xfee0_0400, 0)).toBe(false);
    expect(apic.writeMsr(0x1b, 0xfee0_0c00, 0)).toBe(true);
    expect(events).toEqual(['cpu0 at undefined']);
    expect(apic.writeMsr(0x1b, 0xfee0_0800, 0)).toBe(false);
    expect(apic.writeMsr(0x1b, 0xfee0_0000, 0)).toBe(true);
    expect(apic.writeMsr(0x1b, 0xfee0_0c00, 0)).toBe(false);
    expect(apic.writeMsr(0x1b, 0xfed0_0800, 0)).toBe(true);
    expect(events.at(-1)).toBe('cpu0 at fed00000');
    expect(apic.writeMsr(0x1b, 0xfed0_0801, 0)).toBe(false); // reserved bit
  });

  test('the registers are MSRs, and the memory page is gone', () => {
    const { x2apic, msr, read } = cpus(6).all[5]!;
    expect(msr(0x802)).toBe('GP');
    x2apic();
    expect([msr(0x802), msr(0x803), msr(0x80d)]).toEqual([[5, 0], [0x0005_0014, 0], [0x20, 0]]);
    expect(read(ApicReg.VERSION)).toBe(0xffff_ffff);
  });

  test('what does not exist, cannot be read or is read-only faults', () => {
    const { apic, x2apic, msr } = cpus();
    x2apic();
    for (const index of [0x800, 0x80b, 0x80e, 0x831, 0x83f, 0x840]) expect(msr(index), index.toString(16)).toBe('GP');
    for (const index of [0x802, 0x803, 0x80a, 0x80d, 0x810, 0x839]) expect(apic.writeMsr(index, 0, 0), index.toString(16)).toBe(false);
    expect(apic.writeMsr(0x80b, 1, 0)).toBe(false);
    expect(apic.writeMsr(0x808, 0x20, 1)).toBe(false);
    expect(apic.writeMsr(0x808, 0x20, 0)).toBe(true);
  });

  test('a 64-bit ICR sends to a 32-bit destination, logical ones by cluster; self IPI', () => {
    const { all } = cpus(20);
    for (const cpu of all) {
      cpu.x2apic();
      cpu.apic.writeMsr(0x80f, 0x1ff, 0);
    }
    const takers = () => all.flatMap(({ apic }, id) => (apic.intr.level ? (apic.acknowledge(), apic.writeMsr(0x80b, 0, 0), [id]) : []));
    all[0]!.apic.writeMsr(0x830, 0x4041, 17);
    expect(takers()).toEqual([17]);
    all[0]!.apic.writeMsr(0x830, 0x4841, 0x0001_000a);
    expect(takers()).toEqual([17, 19]);
    all[0]!.apic.writeMsr(0x830, 0x4041, 0xffff_ffff);
    expect(takers().length).toBe(20);
    all[3]!.apic.writeMsr(0x83f, 0x41, 0);
    expect(takers()).toEqual([3]);
  });
});

deviceContract('local APIC', {
  make: (env) => cpus(1, env).apic,
  regions: (apic) => [
    apic.mmio,
    { name: 'registers', size: 0x40, access: { max: 1 }, read: (at) => apic.mmio.read(at << 4, 4), write: (at, _n, value) => apic.mmio.write(at << 4, 4, (value * 0x0101_0181) >>> 0) },
    { name: 'msr', size: 0x40, access: { max: 1 }, read: (at) => (apic.readMsr(0x800 + at) ? apic.msrLow : -1), write: (at, _n, value) => void apic.writeMsr(0x800 + at, value, 0) },
  ],
  events: [
    (apic, random) => apic.accept([0, 0, 0, 4, 5, 7][random(6)]!, random(256), random(2) === 1),
    (apic) => void apic.acknowledge(),
    (apic, random) => apic.setLint(random(2) as 0 | 1, random(2) === 1),
    (apic, random) => void apic.writeMsr(0x1b, 0xfee0_0000 | (random(4) << 10), 0),
    (apic, random) => void apic.writeMsr(0x6e0, random(10_000_000), 0),
    (apic, random) => apic.mmio.write(ApicReg.TIMER_INITIAL << 4, 4, 100_000 + random(1_000_000)),
    (apic) => apic.mmio.write(ApicReg.SVR << 4, 4, 0x1ff),
  ],
  survivesReset: true,
});
