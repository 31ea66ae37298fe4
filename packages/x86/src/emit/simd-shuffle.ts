/** Byte numbers for `vshuffle`, made from lane numbers: bytes 0 to 15 are the first operand's, 16 to 31 the second's. */

/** Lane width in bits. */
export type Lane = 8 | 16 | 32 | 64;

/** Bytes of the lanes `order` of (a ++ b). */
export function lanes(width: Lane, order: readonly number[]): number[] {
  const bytes = width / 8;
  return order.flatMap((lane) => Array.from({ length: bytes }, (_, i) => lane * bytes + i));
}

/** `count` numbers made by `f`. */
export const numbers = (count: number, f: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => f(i));

/**
 * The lanes of the low `bytes` (8 or 16) of both operands, which `pick` chooses by number: from 0 the first operand's, from the lane count
 * of `bytes` on the second's. Filled up to 16 bytes with the first lane.
 */
export function pickLanes(width: Lane, bytes: 8 | 16, order: readonly number[]): number[] {
  const count = (8 * bytes) / width, second = 128 / width;
  const chosen = order.map((n) => (n < count ? n : n - count + second));
  return lanes(width, [...chosen, ...numbers(second - chosen.length, () => 0)]);
}
