/** Files that the user brings: picked in the settings or dropped onto the page. */
import { classify, HEAD_BYTES, type FileRole } from './classify.ts';
import type { NamedFile } from './protocol.ts';
import type { Settings } from './settings.ts';

/** Directory of the names that own files get in arguments, so that they hide nothing of the page's. */
const OWN = 'own';

export class OwnFiles {
  readonly #files = new Map<FileRole, File>();

  get(role: FileRole): File | undefined {
    return this.#files.get(role);
  }

  /** `undefined` takes the file away. */
  set(role: FileRole, file: File | undefined): void {
    if (file) this.#files.set(role, file);
    else this.#files.delete(role);
  }

  /** Sorts dropped files by what is in them. Resolves to lines about those that are of no use. */
  async take(files: readonly File[]): Promise<string[]> {
    const problems: string[] = [];
    for (const file of files) {
      const sorted = classify(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()), file.name);
      if ('role' in sorted) this.set(sorted.role, file);
      else problems.push(sorted.problem);
    }
    return problems;
  }

  /** The settings that use these files. */
  get settings(): Pick<Settings, FileRole> {
    return Object.fromEntries([...this.#files].map(([role, file]) => [role, nameOf(role, file)]));
  }

  /** The files by those names. */
  get named(): NamedFile[] {
    return [...this.#files].map(([role, file]) => ({ name: nameOf(role, file), contents: file }));
  }
}

const nameOf = (role: FileRole, file: File): string => `${OWN}/${role}/${file.name}`;
