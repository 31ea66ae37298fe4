/**
 * Fits a guest's access to what a device handles, as a bus with byte enables does. Unaligned and too wide accesses are split into naturally
 * aligned pieces in ascending order; a piece narrower than the device's least is cut from, or zero-extended to, its aligned word.
 */
import type { AccessBytes, RegionRecord } from './region.ts';

const truncate = (value: number, bytes: number): number => (bytes === 1 ? value & 0xff : bytes === 2 ? value & 0xffff : value >>> 0);

/** The widest naturally aligned piece at `offset` of at most `limit` bytes. */
function pieceAt(offset: number, limit: number): AccessBytes {
  if (limit >= 4 && (offset & 3) === 0) return 4;
  return limit >= 2 && (offset & 1) === 0 ? 2 : 1;
}

/** Reads 1, 2 or 4 bytes; the result is unsigned. */
export function deviceRead(region: RegionRecord, offset: number, bytes: AccessBytes): number {
  if (bytes >= region.minAccess && bytes <= region.maxAccess && (offset & (bytes - 1)) === 0) return truncate(region.handler!.read(offset, bytes), bytes);
  let value = 0;
  for (let done = 0; done < bytes;) {
    const piece = pieceAt(offset + done, Math.min(bytes - done, region.maxAccess));
    value |= readPiece(region, offset + done, piece) << (8 * done);
    done += piece;
  }
  return truncate(value, bytes);
}

/** Writes the low 1, 2 or 4 bytes of `value`. */
export function deviceWrite(region: RegionRecord, offset: number, bytes: AccessBytes, value: number): void {
  for (let done = 0; done < bytes;) {
    const piece = pieceAt(offset + done, Math.min(bytes - done, region.maxAccess));
    writePiece(region, offset + done, piece, truncate(value >>> (8 * done), piece));
    done += piece;
  }
}

function readPiece(region: RegionRecord, offset: number, bytes: AccessBytes): number {
  const width = region.minAccess;
  if (bytes >= width) return truncate(region.handler!.read(offset, bytes), bytes);
  const inWord = offset % width;
  return truncate(region.handler!.read(offset - inWord, width) >>> (8 * inWord), bytes);
}

function writePiece(region: RegionRecord, offset: number, bytes: AccessBytes, value: number): void {
  const width = region.minAccess;
  if (bytes >= width) region.handler!.write(offset, bytes, value);
  else {
    const inWord = offset % width;
    region.handler!.write(offset - inWord, width, (value << (8 * inWord)) >>> 0);
  }
}
