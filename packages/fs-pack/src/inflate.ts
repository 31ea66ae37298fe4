/** Raw deflate (RFC 1951) by the platform, bounded: a chunk that promises 128 KiB does not become gigabytes. */
import { messageOf, PackError } from './errors.ts';

/** Inflates `stored` into exactly `bytes` bytes; rejects with `PackError` of reason `corrupt` when it has more, fewer, or is damaged. */
export type Inflate = (stored: Uint8Array, bytes: number) => Promise<Uint8Array>;

export const inflateRaw: Inflate = async (stored, bytes) => {
  const contents = new Uint8Array(bytes);
  let at = 0;
  try {
    const { readable, writable } = new DecompressionStream('deflate-raw');
    const writer = writable.getWriter(); // a stream of a Blob costs as much again as inflating
    writer.write(stored as Uint8Array<ArrayBuffer>).catch(() => {}); // the reader hears of what is wrong
    writer.close().catch(() => {});
    for (const reader = readable.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > bytes) {
        void reader.cancel().catch(() => {});
        throw new PackError('corrupt', `a chunk inflates to more than its ${bytes} bytes`);
      }
      contents.set(value, at);
      at += value.length;
    }
  } catch (error) {
    if (error instanceof PackError) throw error;
    throw new PackError('corrupt', `a chunk does not inflate (${messageOf(error) || 'damaged'})`, { cause: error });
  }
  if (at !== bytes) throw new PackError('corrupt', `a chunk inflates to ${at} of its ${bytes} bytes`);
  return contents;
};
