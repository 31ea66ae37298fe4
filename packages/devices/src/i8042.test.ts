import { describe, expect, test } from 'vitest';
import { regionRead, regionWrite } from './io-region.ts';
import { I8042 } from './i8042.ts';
import { Port92 } from './port92.ts';
import { deviceContract, testEnv } from './testing.ts';

function controller() {
  const env = testEnv();
  const kbc = new I8042(env);
  let resets = 0;
  kbc.resetRequest.connect((level) => {
    if (level) resets++;
  });
  const data = (value: number) => regionWrite(kbc.dataPort, 0, 1, value);
  const command = (value: number, ...more: number[]) => (regionWrite(kbc.commandPort, 0, 1, value), more.forEach(data));
  const read = () => regionRead(kbc.dataPort, 0, 1);
  const status = () => regionRead(kbc.commandPort, 0, 1);
  return { env, kbc, data, command, read, status, resets: () => resets };
}

describe('probing, as Linux\'s i8042 driver does it', () => {
  test('status after reset is 0x18, as QEMU shows it; the output buffer is empty', () => {
    const { status } = controller();
    expect(status()).toBe(0x18);
  });

  test('self test, port tests, command byte', () => {
    const { command, read, status } = controller();
    command(0xaa);
    expect([status() & 0x05, read(), status() & 1]).toEqual([5, 0x55, 0]);
    command(0xab);
    expect(read()).toBe(0);
    command(0xa9);
    expect(read()).toBe(0);
    command(0x20);
    expect(read()).toBe(0x03);
    command(0x60, 0x65);
    command(0x20);
    expect(read()).toBe(0x65);
  });

  test('disabling and enabling the ports shows in the command byte', () => {
    const { command, read } = controller();
    const mode = () => (command(0x20), read());
    command(0xad);
    command(0xa7);
    expect(mode()).toBe(0x33);
    command(0xae);
    command(0xa8);
    expect(mode()).toBe(0x03);
  });

  test('the auxiliary loop sends a byte back as the mouse\'s', () => {
    const { command, read, status } = controller();
    command(0xd3, 0x5a);
    expect([status() & 0x21, read()]).toEqual([0x21, 0x5a]);
  });

  test('a port without a device times out with 0xfe', () => {
    const { command, data, read, status } = controller();
    data(0xf2);
    expect([status() & 0x61, read()]).toEqual([0x41, 0xfe]);
    command(0xd4, 0xf2);
    expect([status() & 0x61, read()]).toEqual([0x61, 0xfe]);
  });
});

describe('interrupts', () => {
  test('IRQ 1 for a keyboard byte, while the command byte enables it; every byte is an edge', () => {
    const { kbc, command, read } = controller();
    let edges = 0;
    kbc.keyboardIrq.connect((level) => {
      if (level) edges++;
    });
    kbc.receive(0x1e, 'keyboard');
    kbc.receive(0x9e, 'keyboard');
    expect([kbc.keyboardIrq.level, edges]).toEqual([true, 1]);
    expect([read(), edges, read(), edges]).toEqual([0x1e, 2, 0x9e, 2]);
    expect(kbc.keyboardIrq.level).toBe(false);
    command(0x60, 0x02);
    kbc.receive(0x1e, 'keyboard');
    expect(kbc.keyboardIrq.level).toBe(false);
    command(0x60, 0x03);
    expect(kbc.keyboardIrq.level).toBe(true);
  });

  test('IRQ 12 for a mouse byte', () => {
    const { kbc, status, read } = controller();
    kbc.receive(0xfa, 'mouse');
    expect([kbc.auxIrq.level, kbc.keyboardIrq.level, status() & 0x21]).toEqual([true, false, 0x21]);
    expect(read()).toBe(0xfa);
    expect(kbc.auxIrq.level).toBe(false);
  });
});

test('bytes for the keyboard and the mouse reach what is plugged in', () => {
  const { kbc, command, data } = controller();
  const got: string[] = [];
  kbc.keyboard = { write: (byte) => void got.push(`keyboard ${byte}`) };
  kbc.mouse = { write: (byte) => void got.push(`mouse ${byte}`) };
  data(0xed);
  command(0xd4, 0xf4);
  data(0x02);
  expect(got).toEqual(['keyboard 237', 'mouse 244', 'keyboard 2']);
});

describe('output port', () => {
  test('drives A20, by writing it whole and by the two short commands', () => {
    const { kbc, command, read } = controller();
    expect(kbc.a20.level).toBe(true);
    command(0xd1, 0xdd);
    expect(kbc.a20.level).toBe(false);
    command(0xdf);
    expect(kbc.a20.level).toBe(true);
    command(0xdd);
    expect(kbc.a20.level).toBe(false);
    command(0xd0);
    expect(read()).toBe(0xdd);
  });

  test('resets: command 0xfe as Linux reboots, or bit 0 written as zero', () => {
    const { command, resets } = controller();
    command(0xff);
    command(0xd1, 0xdf);
    expect(resets()).toBe(0);
    command(0xfe);
    command(0xd1, 0xde);
    expect(resets()).toBe(2);
  });
});

test('an unknown command is logged', () => {
  const { env, command } = controller();
  command(0xbb);
  expect(env.log.guestErrors).toEqual(['i8042: unknown command 0xbb']);
});

describe('port 0x92', () => {
  test('bit 1 is A20, a rising bit 0 resets once', () => {
    const port92 = new Port92(testEnv());
    let resets = 0;
    port92.resetRequest.connect((level) => {
      if (level) resets++;
    });
    const out = (value: number) => regionWrite(port92.port, 0, 1, value);
    out(2);
    expect([port92.a20.level, regionRead(port92.port, 0, 1), resets]).toEqual([true, 2, 0]);
    out(1);
    out(1);
    expect([port92.a20.level, resets]).toEqual([false, 1]);
  });
});

deviceContract('8042', {
  make: (env) => new I8042(env),
  regions: (kbc) => [kbc.dataPort, kbc.commandPort],
  events: [
    (kbc, random) => kbc.receive(random(256), random(2) === 0 ? 'keyboard' : 'mouse'),
    (kbc, random) => kbc.commandPort.write(0, 1, [0x20, 0x60, 0xaa, 0xd0, 0xd1, 0xd3, 0xd4, 0xdd][random(8)]!),
  ],
});

deviceContract('port 92', { make: (env) => new Port92(env), regions: (port92) => [port92.port] });
