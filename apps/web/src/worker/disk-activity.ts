/** Counts what the guest reads and writes, and notices writes that fail. */
import type { BlockBackend } from '@emu/devices';

export class DiskActivity {
  readBytes = 0;
  writtenBytes = 0;

  /** `disk`, counted. `onFailure` hears of writes that the guest is told have failed. */
  watch(disk: BlockBackend, onFailure: (error: Error) => void): BlockBackend {
    const heard = async (work: Promise<void>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        onFailure(error as Error);
        throw error;
      }
    };
    const { readSync, writeSync, flushSync } = disk;
    return {
      size: disk.size,
      readonly: disk.readonly,
      writeThrough: disk.writeThrough,
      read: (offset, into) => {
        this.readBytes += into.length;
        return disk.read(offset, into);
      },
      readSync: readSync && ((offset, into) => {
        const done = readSync.call(disk, offset, into);
        if (done) this.readBytes += into.length;
        return done;
      }),
      write: (offset, data) => {
        this.writtenBytes += data.length;
        return heard(disk.write(offset, data));
      },
      writeSync: writeSync && ((offset, data) => {
        const done = writeSync.call(disk, offset, data);
        if (done) this.writtenBytes += data.length;
        return done;
      }),
      flush: () => heard(disk.flush()),
      flushSync: flushSync?.bind(disk),
      discard: (offset, length) => disk.discard(offset, length),
      writeZeroes: (offset, length, mayUnmap) => disk.writeZeroes(offset, length, mayUnmap),
      close: () => disk.close(),
    };
  }
}
