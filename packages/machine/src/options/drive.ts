/** `-drive`. Not supported: IDE, floppy and SCSI interfaces, CD-ROMs, formats other than raw, throttling, error policies. */
import { OptionError } from './errors.ts';
import { SubOptions } from './suboptions.ts';
import type { CacheMode, DriveOptions } from './types.ts';

const CACHE_MODES = ['writeback', 'none', 'writethrough', 'directsync', 'unsafe'] as const satisfies readonly CacheMode[];
const NOT_EMULATED = ['ide', 'scsi', 'floppy', 'sd', 'mtd', 'pflash', 'xen'];

/** @param index of the drive on the command line. @param snapshot the default that `-snapshot` sets. */
export function parseDrive(text: string, index: number, snapshot: boolean): DriveOptions {
  const sub = new SubOptions('-drive', text, 'file');
  const kind = sub.take('if') ?? 'ide';
  if (NOT_EMULATED.includes(kind)) throw new OptionError(`-drive if=${kind}: this disk interface is not emulated; use if=virtio`);
  if (kind !== 'virtio' && kind !== 'none') throw new OptionError(`-drive if=${kind}: no such interface; use if=virtio or if=none`);
  const format = sub.take('format');
  if (format !== undefined && format !== 'raw') throw new OptionError(`-drive format=${format}: only raw images are supported; convert it with qemu-img`);
  if (sub.take('media') === 'cdrom') throw new OptionError('-drive media=cdrom: there is no CD-ROM; use a disk image');
  const drive: DriveOptions = {
    interface: kind,
    file: sub.need('file'),
    id: sub.take('id') ?? `${kind}${index}`,
    readonly: sub.bool('readonly', sub.bool('read-only', false)),
    snapshot: sub.bool('snapshot', snapshot),
    cache: sub.choice('cache', CACHE_MODES) ?? 'writeback',
    discard: isUnmap(sub.choice('discard', ['ignore', 'off', 'unmap', 'on'] as const)),
  };
  sub.end();
  return drive;
}

const isUnmap = (discard: string | undefined): boolean => discard === 'unmap' || discard === 'on';
