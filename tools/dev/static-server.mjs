// A plain static web server, as any host of the page is: GET and HEAD, whole files, types, ETags. No special headers.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.json': 'application/json',
  '.map': 'application/json', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.txt': 'text/plain; charset=utf-8',
};

/** Serves directories under URL prefixes (`{ '/': dist, '/pack/': pack }`, the longest match counts). `onRequest(path, request, response)` may answer itself and return true;
 *  `onSent(path, bytes)` hears of bodies. A port that is taken is given up for a free one. */
export async function serveSite(mounts, { port = 0, host = '127.0.0.1', onRequest, onSent } = {}) {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length);
  const answer = async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://host').pathname)).replaceAll('\\', '/');
    if (onRequest?.(path, request, response)) return;
    const prefix = prefixes.find((p) => path.startsWith(p));
    const file = prefix && join(mounts[prefix], path.slice(prefix.length) || 'index.html');
    const found = file && (await stat(file).catch(() => undefined));
    if (!found?.isFile()) return void response.writeHead(404, { 'content-type': 'text/plain' }).end('not here\n');
    const etag = `"${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}"`;
    const headers = { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', etag, 'cache-control': 'no-cache' };
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
    response.writeHead(200, { ...headers, 'content-length': found.size });
    if (request.method === 'HEAD') return void response.end();
    onSent?.(path, found.size);
    createReadStream(file).on('error', () => response.destroy()).pipe(response);
  };
  const server = createServer((request, response) => answer(request, response).catch(() => response.destroy()));
  const listen = (at) => new Promise((resolve, reject) => server.once('error', reject).listen(at, host, () => resolve(server.removeListener('error', reject))));
  await listen(port).catch((error) => (error.code === 'EADDRINUSE' ? listen(0) : Promise.reject(error)));
  return {
    url: `http://${host}:${server.address().port}/`,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}
