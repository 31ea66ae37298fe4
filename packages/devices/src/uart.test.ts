import { describe, expect, test } from 'vitest';
import { regionRead, regionWrite } from './io-region.ts';
import { deviceContract, testEnv, type TestEnv } from './testing.ts';
import { Uart16550 } from './uart.ts';

function serial(env: TestEnv = testEnv()) {
  const sent: number[] = [];
  const uart = new Uart16550('com1', env, { write: (bytes) => void sent.push(...bytes) });
  const out = (offset: number, value: number) => regionWrite(uart.ports, offset, 1, value);
  const inb = (offset: number) => regionRead(uart.ports, offset, 1);
  return { env, uart, sent, out, inb };
}

const [DATA, IER, IIR, FCR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 2, 3, 4, 5, 6, 7] as const;
const text = (s: string) => [...s].map((c) => c.charCodeAt(0));

describe('registers', () => {
  test('reset values are those of the data sheet (table 6), with the modem ready and OUT2 as QEMU has it', () => {
    const { inb } = serial();
    expect([IER, IIR, LCR, MCR, LSR, MSR, SCR].map(inb)).toEqual([0, 0x01, 0, 0x08, 0x60, 0xb0, 0]);
  });

  test('DLAB swaps data and IER for the divisor latch', () => {
    const { out, inb, sent } = serial();
    out(LCR, 0x83);
    out(0, 0x34);
    out(1, 0x12);
    expect([inb(0), inb(1), inb(LCR)]).toEqual([0x34, 0x12, 0x83]);
    out(LCR, 0x03);
    expect([inb(IER), sent]).toEqual([0, []]);
  });

  test('the scratch register keeps eight bits, IER four and MCR five', () => {
    const { out, inb } = serial();
    for (const offset of [SCR, IER, MCR]) out(offset, 0xff);
    expect([SCR, IER, MCR].map(inb)).toEqual([0xff, 0x0f, 0x1f]);
  });

  test('a FIFO that is on shows in the top bits of IIR: a 16550A', () => {
    const { out, inb } = serial();
    expect(inb(IIR) & 0xc0).toBe(0);
    out(FCR, 1);
    expect(inb(IIR) & 0xc0).toBe(0xc0);
  });
});

describe('transmitter', () => {
  test('sends what is written and is empty again at once', () => {
    const { out, inb, sent } = serial();
    for (const byte of text('Hi')) out(DATA, byte);
    expect(sent).toEqual(text('Hi'));
    expect(inb(LSR)).toBe(0x60);
  });

  test('THRE interrupt: on enabling, after every byte, and gone when IIR is read', () => {
    const { uart, out, inb } = serial();
    out(IER, 0x02);
    expect(uart.irq.level).toBe(true);
    expect(inb(IIR)).toBe(0x02);
    expect(uart.irq.level).toBe(false);
    expect(inb(IIR)).toBe(0x01);
    out(DATA, 0x41);
    expect(uart.irq.level).toBe(true);
    out(IER, 0);
    expect(uart.irq.level).toBe(false);
  });
});

describe('receiver', () => {
  test('without FIFO one byte is held, and further ones wait without loss', () => {
    const { uart, inb } = serial();
    uart.receive(text('abc'));
    expect(inb(LSR)).toBe(0x61);
    expect(uart.backlog).toBe(2);
    expect([inb(DATA), inb(DATA), inb(DATA)]).toEqual(text('abc'));
    expect(inb(LSR)).toBe(0x60);
  });

  test('a full FIFO never drops input', () => {
    const { uart, out, inb } = serial();
    out(FCR, 0xc1);
    const bytes = Array.from({ length: 1000 }, (_, i) => i & 0xff);
    uart.receive(Uint8Array.from(bytes));
    expect(uart.backlog).toBe(1000 - 16);
    const got: number[] = [];
    while ((inb(LSR) & 1) !== 0) got.push(inb(DATA));
    expect(got).toEqual(bytes);
  });

  test('received-data interrupt at each trigger level (FCR bits 6 and 7)', () => {
    [1, 4, 8, 14].forEach((level, code) => {
      const { uart, out, inb } = serial();
      out(FCR, (code << 6) | 1);
      out(IER, 0x01);
      uart.receive(new Uint8Array(level - 1));
      expect(uart.irq.level).toBe(false);
      uart.receive([1]);
      expect([uart.irq.level, inb(IIR)]).toEqual([true, 0xc4]);
      inb(DATA);
      expect(uart.irq.level).toBe(false);
    });
  });

  test('time-out interrupt after four character times with a byte in the FIFO: 347 us at 115200 8N1', () => {
    const { env, uart, out, inb } = serial();
    out(LCR, 0x83);
    out(0, 1);
    out(1, 0);
    out(LCR, 0x03);
    out(FCR, 0xc1);
    out(IER, 0x01);
    uart.receive([0x61]);
    env.clock.advance(347_000);
    expect(uart.irq.level).toBe(false);
    env.clock.advance(300);
    expect([uart.irq.level, inb(IIR)]).toEqual([true, 0xcc]);
    expect(inb(DATA)).toBe(0x61);
    expect([uart.irq.level, inb(IIR)]).toEqual([false, 0xc1]);
  });

  test('clearing the FIFO drops what the guest has, not what still waits on the host', () => {
    const { uart, out, inb } = serial();
    out(FCR, 0x01);
    uart.receive(Uint8Array.from({ length: 20 }, (_, i) => i));
    out(FCR, 0x03);
    expect(inb(DATA)).toBe(16);
  });

  test('input typed before a reset is still there after it', () => {
    const { uart, out, inb } = serial();
    out(FCR, 1);
    uart.receive(new Uint8Array(17).fill(7));
    uart.reset();
    expect([inb(LSR) & 1, inb(DATA)]).toEqual([1, 7]);
  });
});

describe('modem lines', () => {
  test('status changes set delta bits that a read clears; RI counts its trailing edge', () => {
    const { uart, inb } = serial();
    uart.setModem(0x40);
    expect(inb(MSR)).toBe(0x4b);
    expect(inb(MSR)).toBe(0x40);
    uart.setModem(0x30);
    expect(inb(MSR)).toBe(0x37);
  });

  test('modem status interrupt until MSR is read', () => {
    const { uart, out, inb } = serial();
    out(IER, 0x08);
    uart.setModem(0x10);
    expect([uart.irq.level, inb(IIR)]).toEqual([true, 0x00]);
    inb(MSR);
    expect(uart.irq.level).toBe(false);
  });

  test('loopback turns outputs into inputs and sends to the receiver, not to the line (how Linux probes)', () => {
    const { uart, out, inb, sent } = serial();
    out(MCR, 0x1a);
    expect(inb(MSR) & 0xf0).toBe(0x90);
    out(MCR, 0x15);
    expect(inb(MSR) & 0xf0).toBe(0x60);
    out(DATA, 0x5a);
    uart.receive([1]);
    expect([inb(LSR) & 1, inb(DATA), sent]).toEqual([1, 0x5a, []]);
    out(MCR, 0x0b);
    expect([inb(MSR) & 0xf0, inb(DATA)]).toEqual([0xb0, 1]);
  });

  test('a break is a zero with BI and FE set while it is at the top, and a line status interrupt until LSR is read (TL16C550C, line status register)', () => {
    const { uart, out, inb } = serial();
    out(FCR, 1);
    out(IER, 0x04);
    uart.receive([0x61]);
    uart.receiveBreak();
    expect([uart.irq.level, inb(LSR)]).toEqual([false, 0xe1]); // an error somewhere in the FIFO, but not of this byte
    expect(inb(DATA)).toBe(0x61);
    expect([uart.irq.level, inb(IIR)]).toEqual([true, 0xc6]);
    expect([inb(LSR), inb(LSR), uart.irq.level]).toEqual([0xf9, 0x61, false]);
    expect([inb(DATA), inb(LSR)]).toEqual([0, 0x60]);
  });

  test('line status interrupt: an overrun in loopback, gone when LSR is read', () => {
    const { uart, out, inb } = serial();
    out(IER, 0x04);
    out(MCR, 0x10);
    out(DATA, 1);
    out(DATA, 2);
    expect([uart.irq.level, inb(IIR), inb(LSR)]).toEqual([true, 0x06, 0x63]);
    expect(uart.irq.level).toBe(false);
    expect(inb(DATA)).toBe(2);
  });
});

test('interrupts come by priority: line status, received data, transmitter, modem', () => {
  const { uart, out, inb } = serial();
  out(MCR, 0x10);
  out(IER, 0x0f);
  out(DATA, 1);
  out(DATA, 2);
  const order = [inb(IIR)];
  inb(LSR);
  order.push(inb(IIR));
  inb(DATA);
  order.push(inb(IIR));
  order.push(inb(IIR));
  inb(MSR);
  order.push(inb(IIR));
  expect(order).toEqual([0x06, 0x04, 0x02, 0x00, 0x01]);
  expect(uart.irq.level).toBe(false);
});

test('a write to a read-only register is logged', () => {
  const { env, out } = serial();
  out(LSR, 1);
  expect(env.log.guestErrors).toEqual(['com1: write of 1 to the read-only LSR']);
});

deviceContract('16550A', {
  make: (env) => serial(env).uart,
  regions: (uart) => [uart.ports],
  events: [
    (uart, random) => uart.receive(Array.from({ length: random(20) }, () => random(256))),
    (uart, random) => uart.setModem(random(256)),
    (uart) => uart.receiveBreak(),
  ],
  survivesReset: true,
});

test('a driver that takes one byte an interrupt gets an edge for every byte', () => {
  const { uart, out, inb } = serial();
  let edges = 0;
  uart.irq.connect((level) => {
    if (level) edges++;
  });
  out(IER, 0x01);
  uart.receive(text('abc'));
  for (const byte of text('abc')) {
    expect(uart.irq.level).toBe(true);
    expect(inb(DATA)).toBe(byte);
  }
  expect([edges, uart.irq.level]).toEqual([3, false]);
});
