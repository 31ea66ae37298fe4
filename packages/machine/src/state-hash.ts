/** A digest of a machine's guest-visible state: RAM, processor, devices. */
import type { Device } from '@emu/devices';
import type { Arena, HostPtr } from '@emu/vaddr';
import { X86_STATE, type X86Cpu } from '@emu/x86';

/** Digested at a time, so that large RAM needs no large copy. */
const PIECE = 64 * 2 ** 20;

/** SHA-256 as hex over the digests of all parts. */
export async function hashState(
  arena: Arena, ram: readonly { readonly host: HostPtr; readonly bytes: number }[], cpu: X86Cpu, devices: readonly Device<object>[],
): Promise<string> {
  const digests: Uint8Array[] = [];
  const add = async (bytes: Uint8Array): Promise<void> => {
    digests.push(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)));
  };
  for (const { host, bytes } of ram) {
    for (let at = 0; at < bytes; at += PIECE) await add(arena.u8.subarray(host + at, host + Math.min(bytes, at + PIECE)));
  }
  await add(arena.u8.subarray(cpu.env, cpu.env + X86_STATE.size));
  for (const device of devices) await add(new TextEncoder().encode(JSON.stringify([device.name, device.save()])));
  const all = new Uint8Array(digests.length * 32);
  digests.forEach((digest, i) => all.set(digest, 32 * i));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
