/** What an engine is put together from, and how large it may get. */
import type { Arena, HostPtr } from '@emu/vaddr';
import type { Backend, CodePages, GuestCpu, HotBackend } from './backend.ts';
import type { HelperRegistry } from './helpers.ts';
import type { JumpCache } from './jump-cache-table.ts';
import type { PhysCache } from './phys-cache.ts';

export interface EngineOptions {
  readonly arena: Arena;
  /** Address of the guest's CPU state, which begins with a `CPU_HEADER`. */
  readonly header: HostPtr;
  readonly jumpCache: JumpCache;
  readonly guest: GuestCpu;
  readonly backend: Backend;
  readonly hot?: HotBackend | undefined;
  readonly helpers?: HelperRegistry | undefined;
  readonly codePages?: CodePages | undefined;
  /** Kept up to date for the generated lookup (`createTbLookup`). */
  readonly physCache?: PhysCache | undefined;
  /** TBs that exist at once (default 131072). */
  readonly maxTbs?: number;
  /** Guest instructions in a TB at most (default and maximum 512). */
  readonly maxInsns?: number;
  /** Whether IR is optimised (default true). */
  readonly optimise?: boolean;
}
