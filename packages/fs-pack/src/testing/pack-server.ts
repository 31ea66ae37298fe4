/** A static web server for tests, with faults on demand: what a pack meets on a bad network. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** Answers a request itself and returns true, or lets the server go on. */
export type Fault = (request: { readonly path: string; readonly count: number }, response: ServerResponse, body: Buffer) => boolean;

export class PackServer {
  /** Paths asked for, in order. */
  readonly requests: string[] = [];
  sentBytes = 0;
  fault: Fault = () => false;
  readonly #root: string;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  private constructor(root: string) {
    this.#root = root;
  }

  static async start(root: string): Promise<PackServer> {
    const server = new PackServer(root);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url!, this.url).pathname);
    this.requests.push(path);
    const body = await readFile(join(this.#root, normalize(path))).catch(() => undefined);
    const count = this.requests.filter((asked) => asked === path).length;
    if (this.fault({ path, count }, response, body ?? Buffer.alloc(0))) return;
    if (!body) {
      response.writeHead(404).end('not here');
      return;
    }
    this.sentBytes += body.length;
    response.writeHead(200, { 'content-length': body.length }).end(body);
  }
}
