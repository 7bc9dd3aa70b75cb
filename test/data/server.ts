import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach } from 'vitest';

/** Answers one request; what it does not answer is 404. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A mirror on this machine. */
export interface Mirror {
  readonly url: string;
  /** Paths asked for, with the range where one was given, e.g. `/a.gz bytes=5-`. */
  readonly requests: readonly string[];
}

const servers: Server[] = [];

/** Starts a mirror on a free port of 127.0.0.1; it ends with the test. */
export async function startMirror(handler: Handler): Promise<Mirror> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push([request.url, request.headers.range].filter(Boolean).join(' '));
    handler(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a port was expected');
  return { url: `http://127.0.0.1:${address.port}/`, requests };
}

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Serves files by name, with ranges where `ranges` is set. */
export function serve(files: Readonly<Record<string, Uint8Array>>, ranges = false): Handler {
  return (request, response) => {
    const file = files[(request.url ?? '').slice(1)];
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (file === undefined) {
      response.writeHead(404).end();
    } else if (ranges && start > 0) {
      const status = start < file.length ? 206 : 416;
      const range = status === 206 ? `${start}-${file.length - 1}` : '*';
      response
        .writeHead(status, { 'content-range': `bytes ${range}/${file.length}` })
        .end(status === 206 ? file.subarray(start) : undefined);
    } else {
      response.writeHead(200, { 'content-length': file.length }).end(file);
    }
  };
}

/** A handler that cuts connections, and what tells it that the bytes before the cut have arrived. */
export type CuttingHandler = Handler & { readonly onProgress: (progress: { received: number }) => void };

/** Sends the first `bytes` of a file, and cuts the connection when `onProgress` is told that they are there. */
export function cutAfter(bytes: number, file: Uint8Array): CuttingHandler {
  let cut = (): void => undefined;
  const handler: Handler = (_, response) => {
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.subarray(0, bytes));
    cut = () => {
      response.destroy();
    };
  };
  return Object.assign(handler, {
    onProgress: ({ received }: { received: number }) => {
      if (received >= bytes) cut();
    },
  });
}
