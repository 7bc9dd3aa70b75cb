import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { isolationHeaders } from '../../../vite.config.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** The page as `npm run web:build` makes it. Call `remove` when done. */
export interface BuiltPage {
  readonly folder: string;
  /**
   * Serves the files as a host of static files does.
   *
   * @param path - Below which path, e.g. `/`, `/some/where/`.
   * @param isolated - Whether with the headers that wasm needs for threads.
   */
  serve(path: string, isolated: boolean): Promise<StaticHost>;
  remove(): void;
}

/** A running host. */
export interface StaticHost {
  /** Of the page. */
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the page into a folder of its own. */
export async function buildPage(): Promise<BuiltPage> {
  const folder = mkdtempSync(join(root, 'node_modules/.ort-train-page-'));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await build({
      configFile: join(root, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: folder, emptyOutDir: true },
    });
  } catch (error) {
    remove();
    throw error;
  }
  return { folder, remove, serve: (path, isolated) => serve(folder, path, isolated) };
}

async function serve(folder: string, path: string, isolated: boolean): Promise<StaticHost> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const name = pathname.startsWith(path) ? pathname.slice(path.length) || 'index.html' : undefined;
    const file = name === undefined ? undefined : normalize(join(folder, name));
    const bytes = file?.startsWith(folder) === true ? readFile(file) : Promise.reject(new Error('not below'));
    bytes.then(
      (content) => {
        response.writeHead(200, {
          'content-type': types[extname(name ?? '')] ?? 'application/octet-stream',
          ...(isolated && isolationHeaders),
        });
        response.end(content);
      },
      () => response.writeHead(404).end('no such file'),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}${path}`,
    close: () => close(server),
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    // The browser keeps connections open for a while.
    server.closeAllConnections();
  });
}
