/** The guests that can be built, as data. */
import { GuestError } from './errors.ts';

export interface Recipe {
  name: string;
  summary: string;
  /** Debian architecture of the userland and kernel. */
  arch: 'amd64' | 'i386';
  /** Metapackage that depends on the newest kernel package. */
  kernel: string;
  /** Directory of the result, relative to the pack directory. */
  dir: string;
  rootfsMiB: number;
  /** Modules that the initramfs loads; built-in ones fall away. */
  modules: readonly string[];
  /** Packages of a full Debian userland; without them the userland is BusyBox alone. */
  packages?: readonly string[];
}

const VIRTIO_ROOT = ['virtio', 'virtio_ring', 'virtio_pci', 'virtio_blk', 'virtio_rng', 'virtio_console', 'crc32c_generic', 'ext4'] as const;

/** What real programs are tested with. */
const DEBIAN_PACKAGES = ['busybox-static', 'python3', 'perl', 'gcc', 'libc6-dev', 'openssl', 'stress-ng', 'e2fsprogs', 'procps', 'kmod'] as const;

export const RECIPES = {
  cloud: { name: 'cloud', summary: "Debian's cloud kernel, BusyBox (the default)", arch: 'amd64', kernel: 'linux-image-cloud-amd64',
    dir: '.', rootfsMiB: 512, modules: VIRTIO_ROOT },
  full: { name: 'full', summary: "Debian's full kernel, BusyBox", arch: 'amd64', kernel: 'linux-image-amd64',
    dir: 'full', rootfsMiB: 2048, modules: VIRTIO_ROOT },
  i386: { name: 'i386', summary: "Debian's 32-bit PAE kernel, 32-bit BusyBox", arch: 'i386', kernel: 'linux-image-686-pae',
    dir: 'i386', rootfsMiB: 2048, modules: VIRTIO_ROOT },
  debian: { name: 'debian', summary: "Debian's cloud kernel, a Debian userland with compilers and tests", arch: 'amd64', kernel: 'linux-image-cloud-amd64',
    dir: 'debian', rootfsMiB: 4096, modules: VIRTIO_ROOT, packages: DEBIAN_PACKAGES },
} as const satisfies Record<string, Recipe>;

/** @throws GuestError that lists the recipes. */
export function recipe(name: string): Recipe {
  const found = (RECIPES as Record<string, Recipe | undefined>)[name];
  if (found) return found;
  throw new GuestError(`There is no guest recipe ${name}; use one of ${Object.keys(RECIPES).join(', ')}`);
}
