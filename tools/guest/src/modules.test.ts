import { describe, expect, it } from 'vitest';
import { loadOrder, modinfo, type KernelModule } from './modules.ts';

const module = (name: string, ...depends: string[]): [string, KernelModule] => [name, { name, path: `kernel/${name}.ko`, depends, aliases: [] }];
const modules = new Map([module('virtio_blk', 'virtio_ring', 'virtio'), module('virtio_ring', 'virtio'), module('virtio')]);

describe('kernel modules', () => {
  it('are loaded after what they depend on, each once', () => {
    expect(loadOrder(modules, new Set(), ['virtio-blk', 'virtio']).map((m) => m.name)).toEqual(['virtio', 'virtio_ring', 'virtio_blk']);
  });

  it('that are built in fall away', () => {
    expect(loadOrder(modules, new Set(['virtio', 'ext4']), ['ext4', 'virtio_ring']).map((m) => m.name)).toEqual(['virtio_ring']);
  });

  it('that the kernel lacks are an error that names them', () => {
    expect(() => loadOrder(modules, new Set(), ['nvme'])).toThrow('no module nvme');
  });

  it('carry their dependencies and aliases as strings', () => {
    const image = Buffer.from('\x7fELF...\0alias=virtio:d00000002v*\0depends=virtio_ring,virtio\0license=GPL\0');
    expect(modinfo(image)).toEqual([['depends', 'virtio_ring,virtio'], ['alias', 'virtio:d00000002v*']]);
  });
});
