import { describe, expect, test } from 'vitest';
import { regionRead, regionWrite } from './io-region.ts';
import { Pic8259 } from './pic.ts';
import { deviceContract, testEnv } from './testing.ts';

/** Initialised as the PC's BIOS and Linux do it: vectors 0x20 and 0x28, cascade on 2, 8086 mode, nothing masked. */
function pair(icw4 = 0x01, slaveIcw4 = 0x01) {
  const env = testEnv();
  const pic = new Pic8259(env);
  const out = (port: number, value: number) => {
    const region = port >= 0x4d0 ? pic.elcrPorts : port >= 0xa0 ? pic.slavePorts : pic.masterPorts;
    regionWrite(region, port & 1, 1, value);
  };
  const inb = (port: number) => regionRead(port >= 0x4d0 ? pic.elcrPorts : port >= 0xa0 ? pic.slavePorts : pic.masterPorts, port & 1, 1);
  for (const [port, value] of [[0x20, 0x11], [0x21, 0x20], [0x21, 4], [0x21, icw4], [0xa0, 0x11], [0xa1, 0x28], [0xa1, 2], [0xa1, slaveIcw4]] as const) {
    out(port, value);
  }
  const raise = (...irqs: number[]) => irqs.forEach((n) => pic.setIrq(n, true));
  const lower = (...irqs: number[]) => irqs.forEach((n) => pic.setIrq(n, false));
  const inService = (port: number) => (out(port, 0x0b), inb(port));
  const requests = (port: number) => (out(port, 0x0a), inb(port));
  return { env, pic, out, inb, raise, lower, inService, requests };
}

const EOI = 0x20;

describe('requests and acknowledge', () => {
  for (let irq = 0; irq < 16; irq++) {
    if (irq === 2) continue;
    test(`IRQ ${irq} raises INTR and is acknowledged with vector 0x${(0x20 + irq).toString(16)}`, () => {
      const { pic, raise, out } = pair();
      raise(irq);
      expect(pic.intr.level).toBe(true);
      expect(pic.acknowledge()).toBe(0x20 + irq);
      expect(pic.intr.level).toBe(false);
      if (irq >= 8) out(0xa0, EOI);
      out(0x20, EOI);
      expect(pic.intr.level).toBe(false); // the edge is used up although the input is still high
    });
  }

  test('a lower number goes first, the slave counts as level 2', () => {
    const { pic, raise, out } = pair();
    raise(4, 12, 1, 8);
    const order: number[] = [];
    while (pic.intr.level) {
      const vector = pic.acknowledge();
      order.push(vector);
      if (vector >= 0x28) out(0xa0, EOI);
      out(0x20, EOI);
    }
    expect(order).toEqual([0x21, 0x28, 0x2c, 0x24]);
  });

  test('a level in service holds back its equals and lower ones, not higher ones', () => {
    const { pic, raise, lower } = pair();
    raise(4);
    pic.acknowledge();
    lower(4);
    raise(4, 5);
    expect(pic.intr.level).toBe(false);
    raise(3);
    expect(pic.acknowledge()).toBe(0x23);
  });

  test('the mask register holds a request back without forgetting it', () => {
    const { pic, raise, out, inb } = pair();
    out(0x21, 0x10);
    raise(4);
    expect(inb(0x21)).toBe(0x10);
    expect(pic.intr.level).toBe(false);
    out(0x21, 0);
    expect(pic.intr.level).toBe(true);
  });

  test('IRR and ISR read back through OCW3', () => {
    const { pic, raise, requests, inService } = pair();
    raise(4, 12);
    expect(requests(0x20)).toBe(0x14);
    expect(requests(0xa0)).toBe(0x10);
    pic.acknowledge();
    expect(inService(0x20)).toBe(0x04);
    expect(inService(0xa0)).toBe(0x10);
  });

  test('a request that goes away before the acknowledge gives the spurious IRQ 7, which is not in service', () => {
    const { pic, raise, lower, out, inService } = pair();
    out(0x4d0, 0x20);
    raise(5);
    lower(5);
    expect(pic.acknowledge()).toBe(0x27);
    expect(inService(0x20)).toBe(0);
  });

  test('a slave request that goes away after the master took it gives the spurious IRQ 15, with the master in service', () => {
    const { pic, raise, out, inService } = pair();
    raise(12);
    pic.state.chips[1]!.imr = 0x10; // masked between the two acknowledge pulses
    expect(pic.acknowledge()).toBe(0x2f);
    expect([inService(0x20), inService(0xa0)]).toEqual([0x04, 0]);
    out(0x20, EOI);
    expect(inService(0x20)).toBe(0);
  });
});

describe('trigger modes (ELCR)', () => {
  test('IRQ 0, 1, 2, 8 and 13 cannot be made level triggered', () => {
    const { out, inb } = pair();
    out(0x4d0, 0xff);
    out(0x4d1, 0xff);
    expect([inb(0x4d0), inb(0x4d1)]).toEqual([0xf8, 0xde]);
  });

  test('a level input requests again after EOI for as long as it is high', () => {
    const { pic, raise, lower, out } = pair();
    out(0x4d1, 0x08);
    raise(11);
    expect(pic.acknowledge()).toBe(0x2b);
    expect(pic.intr.level).toBe(false);
    out(0xa0, EOI);
    out(0x20, EOI);
    expect(pic.intr.level).toBe(true);
    lower(11);
    expect(pic.intr.level).toBe(false);
  });
});

describe('end of interrupt', () => {
  test('specific EOI ends the level it names', () => {
    const { pic, raise, out, inService } = pair();
    raise(6);
    pic.acknowledge();
    raise(3);
    pic.acknowledge();
    out(0x20, 0x66);
    expect(inService(0x20)).toBe(0x08);
  });

  test('non-specific EOI ends the level of highest priority', () => {
    const { pic, raise, out, inService } = pair();
    raise(6);
    pic.acknowledge();
    raise(3);
    pic.acknowledge();
    out(0x20, EOI);
    expect(inService(0x20)).toBe(0x40);
  });

  test('automatic EOI leaves nothing in service, and a second slave request is not lost', () => {
    const { pic, raise, inService } = pair(0x03, 0x03);
    raise(9, 14);
    expect(pic.acknowledge()).toBe(0x29);
    expect(inService(0x20)).toBe(0);
    expect(pic.acknowledge()).toBe(0x2e);
    expect(pic.intr.level).toBe(false);
  });
});

describe('priorities', () => {
  test('set priority makes a level the lowest and the next one the highest', () => {
    const { pic, raise, out } = pair();
    out(0x20, 0xc0 | 4);
    raise(4, 5, 0);
    const order = [];
    for (let i = 0; i < 3; i++) {
      order.push(pic.acknowledge());
      out(0x20, EOI);
    }
    expect(order).toEqual([0x25, 0x20, 0x24]);
  });

  test('rotate on non-specific EOI gives the served level the lowest priority', () => {
    const { pic, raise, lower, out } = pair();
    raise(3, 4);
    expect(pic.acknowledge()).toBe(0x23);
    out(0x20, 0xa0);
    lower(3);
    raise(3);
    expect(pic.acknowledge()).toBe(0x24);
  });

  test('rotate on specific EOI', () => {
    const { pic, raise, out, inService } = pair();
    raise(3);
    pic.acknowledge();
    out(0x20, 0xe3);
    expect(inService(0x20)).toBe(0);
    raise(0, 4);
    expect(pic.acknowledge()).toBe(0x24);
  });

  test('rotate in automatic EOI mode', () => {
    const { pic, raise, lower, out } = pair(0x03);
    out(0x20, 0x80);
    raise(0, 1);
    expect(pic.acknowledge()).toBe(0x20);
    lower(0);
    raise(0);
    expect(pic.acknowledge()).toBe(0x21);
    out(0x20, 0x00);
    expect(pic.acknowledge()).toBe(0x20);
  });

  test('special mask mode lets lower levels through while the served one is masked', () => {
    const { pic, raise, out } = pair();
    raise(3);
    pic.acknowledge();
    raise(6);
    expect(pic.intr.level).toBe(false);
    out(0x21, 0x08);
    out(0x20, 0x68);
    expect(pic.acknowledge()).toBe(0x26);
    out(0x20, 0x48);
    expect(pic.intr.level).toBe(false);
  });

  test('special fully nested mode lets a higher slave request interrupt a lower one', () => {
    const plain = pair();
    const nested = pair(0x11);
    for (const { pic, raise } of [plain, nested]) {
      raise(12);
      pic.acknowledge();
      raise(8);
    }
    expect(plain.pic.intr.level).toBe(false);
    expect(nested.pic.acknowledge()).toBe(0x28);
  });
});

test('the poll command acknowledges with the next read', () => {
  const { raise, out, inb, inService } = pair();
  out(0x20, 0x0c);
  expect(inb(0x20)).toBe(0);
  raise(5);
  out(0x20, 0x0c);
  expect(inb(0x20)).toBe(0x85);
  expect(inService(0x20)).toBe(0x20);
});

test('ICW1 clears masks, requests and modes, and keeps ELCR', () => {
  const { pic, raise, out, inb, requests } = pair();
  out(0x4d0, 0x20);
  out(0x21, 0xff);
  out(0x20, 0xc3);
  raise(4);
  out(0x20, 0x11);
  out(0x21, 0x08);
  out(0x21, 4);
  out(0x21, 1);
  expect([inb(0x21), requests(0x20), inb(0x4d0), pic.intr.level]).toEqual([0, 0, 0x20, false]);
});

test('ICW4 is not waited for when ICW1 says there is none, and ICW3 not in single mode', () => {
  const { out, inb } = pair();
  out(0x20, 0x12);
  out(0x21, 0x40);
  out(0x21, 0xa5); // already OCW1
  expect(inb(0x21)).toBe(0xa5);
});

test('a wrong ICW3 is logged as the guest\'s mistake', () => {
  const { env, out } = pair();
  out(0x20, 0x11);
  out(0x21, 0x20);
  out(0x21, 0x08);
  expect(env.log.guestErrors).toEqual(['pic: ICW3 8 does not match the wiring of a PC']);
});

deviceContract('8259A pair', {
  make: (env) => new Pic8259(env),
  regions: (pic) => [pic.masterPorts, pic.slavePorts, pic.elcrPorts],
  events: [
    (pic, random) => pic.setIrq(random(16), true),
    (pic, random) => pic.setIrq(random(16), false),
    (pic) => void pic.acknowledge(),
  ],
  survivesReset: true,
});
