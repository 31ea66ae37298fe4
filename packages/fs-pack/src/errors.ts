/** What can go wrong with a pack, so that a page can say it in its own words. */
import { EmuError } from '@emu/vaddr';

/**
 * `format`: not a pack, damaged, or of a newer version. `path`: a name that would leave the target, or appears twice.
 * `corrupt`: contents do not have the hash or the length that the manifest promises. `network`: fetching failed and retrying did
 * not help. `missing`: no such file. `range`: outside a file. `readonly`, `closed`: the wrong call at the wrong time. `io`: the
 * host's storage failed. `locked`: somebody else has the overlay open. `base`: an overlay belongs to another disk image.
 */
export type PackErrorReason =
  'format' | 'path' | 'corrupt' | 'network' | 'missing' | 'range' | 'readonly' | 'closed' | 'io' | 'locked' | 'base' | 'usage';

export class PackError extends EmuError {
  readonly reason: PackErrorReason;

  constructor(reason: PackErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
