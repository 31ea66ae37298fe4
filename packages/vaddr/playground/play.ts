/** Says what this package knows about an address: node --conditions=@emu/source playground/play.ts 0xffffffff81000ffc [size] */
import { addressWidth, formatVaddr, isCanonical, parseVaddr, VADDR_BITS } from '../src/index.ts';

const va = parseVaddr(process.argv[2] ?? '0xffffffff81000ffc');
const size = Number(process.argv[3] ?? 8);
for (const bits of VADDR_BITS) {
  const width = addressWidth(bits);
  if (width.wrap(va) !== va) {
    console.log(`${bits} bits: does not fit`);
    continue;
  }
  console.log(`${bits} bits: ${formatVaddr(va, bits)}, page ${formatVaddr(width.page(va), bits)}, offset 0x${width.offset(Number(va & 0xfffn)).toString(16)}, `
    + `${size} bytes ${width.crossesPage(Number(va & 0xffffffffn), size) ? 'cross' : 'stay in'} the page`);
}
console.log(`canonical with 48 bits: ${isCanonical(va, 48)}, with 57 bits: ${isCanonical(va, 57)}`);
