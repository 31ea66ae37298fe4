import type { IncomingMessage, ServerResponse } from 'node:http';

export interface SiteOptions {
  port?: number;
  host?: string;
  /** May answer itself and return true. */
  onRequest?(path: string, request: IncomingMessage, response: ServerResponse): boolean;
  /** Hears of each body that is sent. */
  onSent?(path: string, bytes: number): void;
}

export interface Site {
  /** With a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves directories under URL prefixes, the longest match counts. */
export function serveSite(mounts: Readonly<Record<string, string>>, options?: SiteOptions): Promise<Site>;
