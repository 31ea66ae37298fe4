import { describe, expect, test } from 'vitest';
import { DeviceError } from './device.ts';
import { FwCfg, FwCfgKey } from './fw-cfg.ts';
import { regionRead, regionWrite } from './io-region.ts';
import { deviceContract, RamMock, testEnv } from './testing.ts';

function config() {
  const env = testEnv();
  const ram = new RamMock(0x2_0000);
  const fwCfg = new FwCfg(env, ram);
  const select = (key: number) => regionWrite(fwCfg.ports, 0, 2, key);
  const bytes = (count: number) => Array.from({ length: count }, () => regionRead(fwCfg.ports, 1, 1));
  /** Builds a DMA descriptor at 0x100, starts it as Linux does, and returns the control word that it leaves. */
  const dma = (control: number, length: number, address: number) => {
    const view = new DataView(ram.bytes.buffer);
    view.setUint32(0x100, control);
    view.setUint32(0x104, length);
    view.setUint32(0x108, Math.floor(address / 2 ** 32));
    view.setUint32(0x10c, address % 2 ** 32);
    regionWrite(fwCfg.dmaPorts, 0, 4, 0);
    regionWrite(fwCfg.dmaPorts, 4, 4, 0x0001_0000); // 0x100, big-endian
    return view.getUint32(0x100);
  };
  return { env, ram, fwCfg, select, bytes, dma };
}

const text = (s: string) => [...s].map((c) => c.charCodeAt(0));

describe('selector and data ports', () => {
  test('the signature, then zeros; the interface has DMA', () => {
    const { select, bytes } = config();
    select(FwCfgKey.SIGNATURE);
    expect(bytes(6)).toEqual([...text('QEMU'), 0, 0]);
    select(FwCfgKey.ID);
    expect(bytes(4)).toEqual([3, 0, 0, 0]);
  });

  test('numbers are little-endian, unknown keys are empty, selecting starts over', () => {
    const { fwCfg, select, bytes } = config();
    fwCfg.setNumber(FwCfgKey.RAM_SIZE, 0x1_2000_0000, 8);
    select(FwCfgKey.RAM_SIZE);
    expect(bytes(5)).toEqual([0, 0, 0, 0x20, 1]);
    select(0x3000);
    expect(bytes(2)).toEqual([0, 0]);
    select(FwCfgKey.RAM_SIZE);
    expect(bytes(4)).toEqual([0, 0, 0, 0x20]);
  });

  test('the directory lists files by name, big-endian', () => {
    const { fwCfg, select, bytes } = config();
    expect(fwCfg.addFile('opt/b', Uint8Array.of(1, 2, 3))).toBe(0x20);
    expect(fwCfg.addFile('etc/a', new Uint8Array(0x102))).toBe(0x21);
    expect(fwCfg.addFile('opt/b', Uint8Array.of(9))).toBe(0x20);
    select(FwCfgKey.FILE_DIR);
    expect(bytes(4)).toEqual([0, 0, 0, 2]);
    expect(bytes(64)).toEqual([0, 0, 1, 2, 0, 0x21, 0, 0, ...text('etc/a'), ...Array(51).fill(0)]);
    expect(bytes(13)).toEqual([0, 0, 0, 1, 0, 0x20, 0, 0, ...text('opt/b')]);
    select(0x20);
    expect(bytes(2)).toEqual([9, 0]);
  });

  test('a name that does not fit is refused', () => {
    expect(() => config().fwCfg.addFile('x'.repeat(56), new Uint8Array())).toThrow(DeviceError);
  });
});

describe('DMA', () => {
  test('the address register reads "QEMU CFG"', () => {
    const { fwCfg } = config();
    expect([regionRead(fwCfg.dmaPorts, 0, 4), regionRead(fwCfg.dmaPorts, 4, 4)]).toEqual([0x554d4551, 0x4746_4320]);
    expect(regionRead(fwCfg.dmaPorts, 1, 1)).toBe(0x45);
  });

  test('selects and reads in one go, zeros beyond the end, and tells who wrote to RAM', () => {
    const { fwCfg, ram, dma } = config();
    const key = fwCfg.addFile('f', Uint8Array.of(1, 2, 3));
    ram.bytes.fill(0xee, 0x200, 0x210);
    expect(dma((key << 16) | 0x0a, 5, 0x200)).toBe(0);
    expect([...ram.bytes.subarray(0x200, 0x206)]).toEqual([1, 2, 3, 0, 0, 0xee]);
    expect(ram.writes).toEqual([[0x200, 5]]);
  });

  test('goes on where it stopped, and skips', () => {
    const { fwCfg, ram, dma } = config();
    const key = fwCfg.addFile('f', Uint8Array.of(1, 2, 3, 4, 5, 6));
    dma((key << 16) | 0x08, 0, 0);
    dma(0x02, 2, 0x200);
    dma(0x04, 2, 0);
    dma(0x02, 2, 0x202);
    expect([...ram.bytes.subarray(0x200, 0x204)]).toEqual([1, 2, 5, 6]);
  });

  test('writes items that are writable, and no others', () => {
    const { env, fwCfg, ram, dma } = config();
    const writable = new Uint8Array(4);
    const key = fwCfg.addFile('w', writable, true);
    const fixed = fwCfg.addFile('r', new Uint8Array(4));
    ram.bytes.set([7, 8], 0x200);
    expect(dma((key << 16) | 0x18, 2, 0x200)).toBe(0);
    expect([...writable]).toEqual([7, 8, 0, 0]);
    expect(dma((key << 16) | 0x18, 5, 0x200)).toBe(1);
    expect(dma((fixed << 16) | 0x18, 2, 0x200)).toBe(1);
    expect(env.log.guestErrors.length).toBe(2);
  });

  test('an address outside RAM is an error for the guest, whatever its length', () => {
    const { dma } = config();
    expect(dma(0x0a, 0xffff_ffff, 0x1_ff00)).toBe(1);
    expect(dma(0x0a, 1, 2 ** 40)).toBe(1);
  });
});

deviceContract('fw_cfg', {
  make: (env) => new FwCfg(env, new RamMock()),
  regions: (fwCfg) => [fwCfg.ports, fwCfg.dmaPorts],
  events: [(fwCfg, random) => fwCfg.ports.write(0, 2, [0, 1, 0x19, 0x20][random(4)]!)],
});
