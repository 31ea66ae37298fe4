/** virtio-rng: an entropy source (virtio 1.2, 5.4). The driver offers writable buffers, the device fills them at once.
 *  Not modelled: rate limits (`max-bytes`, `period`). */
import type { DeviceEnv } from './device.ts';
import { SnapshotError } from './snapshot.ts';
import { VirtioId } from './virtio.ts';
import { VirtioPciDevice, type VirtioPciOptions } from './virtio-pci.ts';

/** Fills all of `into` with unpredictable bytes; `into` is at most 64 KiB, the limit of `crypto.getRandomValues`. */
export type EntropySource = (into: Uint8Array) => void;

const QUEUE_SIZE = 8;
const CLASS_OTHER = 0x00ff00;
const TRANSITIONAL_ID = 0x1005;
/** The most that one buffer gets; a driver must take less than it asked for (5.4.6). */
const MAX_BYTES = 64 * 1024;

export interface VirtioRngOptions extends VirtioPciOptions {
  /** The host's entropy; default `crypto.getRandomValues`. */
  readonly entropy?: EntropySource;
  /** Makes the bytes a function of this number and of what was drawn before: for `-icount`. Replaces `entropy`. */
  readonly seed?: number;
}

export interface VirtioRngState {
  /** xorshift128 state of the seeded source; zeros when the host's entropy is used. */
  words: [number, number, number, number];
}

const hostEntropy: EntropySource = (into) => { crypto.getRandomValues(into as Uint8Array<ArrayBuffer>); };

export class VirtioRng extends VirtioPciDevice<VirtioRngState> {
  readonly #entropy: EntropySource | undefined;
  readonly #seed: number;

  constructor(name: string, env: DeviceEnv, options: VirtioRngOptions) {
    super(name, env, {
      type: VirtioId.RNG,
      transitionalId: TRANSITIONAL_ID,
      classCode: CLASS_OTHER,
      features: { lo: 0, hi: 0 },
      queueSizes: [QUEUE_SIZE],
      configBytes: 0,
    }, options);
    this.#seed = options.seed ?? 0;
    this.#entropy = options.seed === undefined ? (options.entropy ?? hostEntropy) : undefined;
    this.reset();
  }

  protected override initialDevice(): VirtioRngState {
    return { words: this.#entropy ? [0, 0, 0, 0] : spread(this.#seed) };
  }

  protected override checkDevice({ words }: VirtioRngState): void {
    if (words.every((word) => word >= 0 && word <= 0xffff_ffff)) return;
    throw new SnapshotError(`${this.name}: the seeded source's words ${words.join(', ')} are not 32 bits wide; the snapshot is damaged`);
  }

  override deviceConfig(): Uint8Array {
    return new Uint8Array(0);
  }

  protected override queueNotified(index: number): void {
    const queue = this.queues[index]!;
    let filled = false;
    for (let chain = queue.pop(); chain; chain = queue.pop()) {
      const bytes = new Uint8Array(Math.min(chain.writableBytes, MAX_BYTES));
      if (bytes.length === 0) this.guestError('an entropy request without a writable buffer');
      else if (this.#entropy) this.#entropy(bytes);
      else this.#draw(bytes);
      chain.write(0, bytes);
      queue.push(chain, bytes.length);
      filled = true;
    }
    if (filled) this.interruptQueue(index);
  }

  /** Marsaglia's xorshift128 ("Xorshift RNGs", 2003), a word at a time. */
  #draw(into: Uint8Array): void {
    const { words } = this.state.device;
    for (let i = 0; i < into.length; i += 4) {
      const t = words[0] ^ (words[0] << 11);
      words[0] = words[1];
      words[1] = words[2];
      words[2] = words[3];
      words[3] = (words[3] ^ (words[3] >>> 19) ^ t ^ (t >>> 8)) >>> 0;
      for (let j = 0; j < 4 && i + j < into.length; j++) into[i + j] = words[3] >>> (8 * j);
    }
  }
}

/** Four words from a seed, never all zero: the finaliser of MurmurHash3 over four consecutive numbers. */
function spread(seed: number): [number, number, number, number] {
  const mix = (n: number) => {
    let x = (seed + Math.imul(n, 0x9e37_79b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
    return (x ^ (x >>> 16)) >>> 0;
  };
  return [mix(1), mix(2), mix(3), (mix(4) | 1) >>> 0];
}
