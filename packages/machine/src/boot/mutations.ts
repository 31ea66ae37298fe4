/** Broken kernel files for tests: random bytes and awkward numbers in headers, files cut short. The same seed gives the same files. */

/** Numbers that headers get wrong, beside plain random ones. */
const AWKWARD = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/** A fixed generator (xorshift32), so that a failure can be seen again: numbers from 0 to below its argument. */
export function random(seed: number): (below: number) => number {
  let s = seed;
  return (below) => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) % below;
  };
}

/** A copy of `file` with one to four changes in bytes `from` to `to`; one in ten is also cut short behind `from`. */
export function mutate(file: Uint8Array, from: number, to: number, pick: (below: number) => number): Uint8Array {
  const copy = file.slice(0, pick(10) === 0 ? from + pick(file.length - from + 1) : file.length);
  const view = new DataView(copy.buffer);
  for (let n = 1 + pick(4); n > 0; n--) {
    const at = from + pick(to - from);
    if (at + 4 > copy.length) continue;
    if (pick(2) === 0) view.setUint32(at, AWKWARD[pick(AWKWARD.length)]!, true);
    else view.setUint8(at, pick(256));
  }
  return copy;
}
