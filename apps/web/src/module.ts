/** The page's `Module`, as Emscripten programs are configured: its arguments word for word, and the files that loader scripts bring. */
import { filesOfModule, type EmscriptenModule } from '@emu/fs-pack';
import type { NamedFile, Progress } from './protocol.ts';

/** What we read of `Module`, beside what loader scripts use (emscripten.org, "Module object"). */
export interface PageModule extends EmscriptenModule {
  /** QEMU's arguments. */
  arguments?: readonly string[];
  /** Do not start by yourself. */
  noInitialRun?: boolean;
  /** Called when the machine has ended, with an exit status. */
  onExit?: (status: number) => void;
  /** Ours: keep the guest's writes in this browser unless the user has chosen. */
  keepDisk?: boolean;
  /** Ours: kernel argument that tells the guest the size of the terminal, `emu.size` for `emu.size=24x80`. */
  sizeWord?: string;
}

/** `Module` of the page, made if the page has none. */
export function pageModule(): PageModule {
  const scope = globalThis as { Module?: PageModule };
  return (scope.Module ??= {});
}

/** Waits for the files of loader scripts. */
export async function moduleFiles(module: PageModule, onProgress: (progress: Progress | null) => void): Promise<NamedFile[]> {
  const before = module.setStatus;
  module.setStatus = (text) => {
    before?.call(module, text);
    const [, loaded, total] = /\((\d+)\/(\d+)\)/.exec(text) ?? [];
    onProgress(loaded === undefined ? null : { label: 'files of the page', loadedBytes: Number(loaded), totalBytes: Number(total) });
  };
  try {
    const { files } = await filesOfModule(module);
    return await Promise.all(files.map(async (file) => ({ name: file.path, contents: await file.bytes() })));
  } finally {
    if (before) module.setStatus = before;
    else delete module.setStatus;
    onProgress(null);
  }
}
