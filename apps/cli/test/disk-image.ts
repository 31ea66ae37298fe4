/** Disk images of guests, looked at from the host with e2fsprogs (e2fsck(8), debugfs(8)), and copies of them for tests that write. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env: { ...process.env, PATH, LC_ALL: 'C' }, maxBuffer: 2 ** 30 });
  if (error) throw error;
  return { status, stdout, text: `${stdout.toString()}${stderr.toString()}` };
}

/** A directory that is gone at the end of a test. */
export class Scratch implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'emu-test-'));

  path(name: string): string {
    return join(this.dir, name);
  }

  /** A copy of an image, as sparse as the image. */
  copy(image: string, name = 'disk'): string {
    const to = this.path(name);
    if (run('cp', '--sparse=always', image, to).status !== 0) copyFileSync(image, to, constants.COPYFILE_FICLONE);
    return to;
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** What e2fsck finds wrong with an ext4 image that it may not change; '' when it is clean. Its journal must have been replayed. */
export function fsck(image: string): string {
  const { status, text } = run('e2fsck', '-f', '-n', image);
  return status === 0 ? '' : text;
}

/** Replays the journal and does nothing else, as mounting does after a power cut. */
export function replayJournal(image: string): void {
  const { status, text } = run('e2fsck', '-y', '-E', 'journal_only', image);
  if (status === null || status > 1) throw new Error(`e2fsck did not replay the journal: ${text}`);
}

/** The contents of a file in an ext4 image; empty when there is none. */
export function fileInImage(image: string, path: string): Buffer {
  return run('debugfs', '-R', `cat ${path}`, image).stdout;
}
