/**
 * The power cut: the emulator is killed in the middle of guest writes, twenty times on the same disk. What the guest's fsync returned for
 * is there afterwards, byte for byte, and the file system is clean after its journal was replayed.
 */
import { expect, it } from 'vitest';
import { fileInImage, fsck, replayJournal, Scratch } from './disk-image.ts';
import { boot, guest } from './guests.ts';

const CUTS = 20;
const LINES = 2000;
/** Until the kill, files are synced at least so often; then it comes within some ms. */
const MOST_SYNCED = 12;
const LATEST_MS = 120;

/**
 * Files of numbered lines, each synced before it is named on the console; a counter that is overwritten in place; and writes that nobody syncs,
 * so that the disk is always busy.
 */
const writer = (first: number): string => [
  'mkdir -p /data && touch /data/noise',
  'while :; do dd if=/bin/busybox of=/data/noise bs=64k conv=notrunc 2>/dev/null; done &',
  `i=${first}; while :; do seq $i $((i+${LINES - 1})) | dd of=/data/f$i conv=fsync 2>/dev/null; printf %08d $i | dd of=/data/counter conv=notrunc,fsync 2>/dev/null; echo "synced "$i; i=$((i+1)); done`,
].join('\n');

const expected = (n: number): string => Array.from({ length: LINES }, (_, i) => `${n + i}\n`).join('');

it(`${CUTS} kills with cache=writethrough lose nothing that was synced`, { timeout: 3_600_000 }, async () => {
  using scratch = new Scratch();
  const cloud = guest('cloud');
  const disk = scratch.copy(cloud.rootfs);
  const promised = new Set<number>();
  let first = 1;
  for (let cut = 1; cut <= CUTS; cut++) {
    await using emulator = boot(cloud, { disk: `if=virtio,format=raw,file=${disk},cache=writethrough` });
    await emulator.shell();
    emulator.type(`${writer(first)}\n`);
    const until = first + Math.floor(Math.random() * MOST_SYNCED);
    await emulator.waitFor(`synced ${until}\n`, 60);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LATEST_MS));
    emulator.kill('SIGKILL');
    expect(await emulator.ended).toMatchObject({ signal: 'SIGKILL' });
    for (const [, n] of emulator.text.matchAll(/synced (\d+)\n/g)) promised.add(Number(n));
    const last = Math.max(...promised);
    expect(last).toBeGreaterThanOrEqual(until);
    replayJournal(disk);
    expect(fsck(disk)).toBe('');
    for (const n of promised) expect(fileInImage(disk, `/data/f${n}`).toString('latin1') === expected(n), `f${n} after cut ${cut}`).toBe(true);
    expect(Number(fileInImage(disk, '/data/counter').toString('latin1'))).toBeGreaterThanOrEqual(last);
    console.log(`cut ${cut}: ${promised.size} files synced, all there`);
    first = last + 2; // the file after the last one may be there in part
  }
});
