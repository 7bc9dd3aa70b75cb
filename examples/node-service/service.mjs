// The HTTP service itself: POST an image to /classify, get its labels with probabilities as JSON.
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import { UserError } from 'ort-train';

/** Content types that are taken, and how files of each begin. What a client calls PNG is not given to another decoder. */
const types = {
  'image/png': (b) => b.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')),
  'image/jpeg': (b) => b.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  'image/webp': (b) => b.toString('latin1', 0, 4) === 'RIFF' && b.toString('latin1', 8, 12) === 'WEBP',
};

/** What a client did wrong; everything else that is thrown is the service's own failure. */
class HttpError extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    Object.assign(this, { status, headers });
  }
}

/**
 * A server that is not listening yet. `classifier` is what `loadClassifier` gives, `maxBytes` the largest upload, `log` gets
 * the errors that clients are not told.
 *
 *   POST /classify  200 { label, probability, probabilities }, 400 no such image, 413 too large, 415 another type
 *   GET /health     200 { status, input, classes }
 *
 * Other paths are 404, other methods 405, failures of the service 500; all answers are JSON, errors as { error }.
 */
export function createService({ classifier, maxBytes = 1_000_000, log = console.error }) {
  const { input, classes } = classifier.card;
  const routes = {
    '/classify': {
      async POST(request, response) {
        const image = await readImage(request, response, maxBytes);
        const { label, probability, probabilities } = await classifier.predict(image, { resize: true });
        return { label, probability, probabilities };
      },
    },
    '/health': { GET: async () => ({ status: 'ok', input, classes }) },
  };

  async function answer(request, response) {
    let status = 200;
    let body;
    let headers = {};
    try {
      body = await handlerFor(routes, request)(request, response);
    } catch (error) {
      if (request.errored || request.socket.destroyed) return; // the client is gone
      ({ status, headers = {}, body } = failure(error, log));
      // A client that is still sending would not read the answer.
      request.resume();
      // One that was not told to go on may send its image or another request: nobody knows which.
      if (request.headers.expect !== undefined) headers = { ...headers, connection: 'close' };
    }
    // A server that is closing waits for its connections.
    if (!server.listening) headers = { ...headers, connection: 'close' };
    const text = JSON.stringify(body);
    const length = Buffer.byteLength(text);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
    response.end(text);
  }

  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, answer);
  // With `Expect: 100-continue` a client asks before it uploads, and hears of a mistake first.
  server.on('checkContinue', answer);
  return server;
}

function handlerFor(routes, { method, url }) {
  const path = url.split('?', 1)[0];
  const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (methods === undefined)
    throw new HttpError(404, `no ${path}: expected ${Object.keys(routes).join(', ')}`);
  if (Object.hasOwn(methods, method)) return methods[method];
  const allow = Object.keys(methods).join(', ');
  throw new HttpError(405, `${path}: expected ${allow}, got ${method}`, { allow });
}

async function readImage(request, response, maxBytes) {
  const { 'content-type': given, 'content-length': length, expect } = request.headers;
  const type = given?.split(';', 1)[0].trim().toLowerCase();
  if (type === undefined || !Object.hasOwn(types, type)) {
    const accept = Object.keys(types).join(', ');
    throw new HttpError(415, `expected ${accept}, got ${type ?? 'no content type'}`, { accept });
  }
  const tooLarge = () => new HttpError(413, `expected at most ${maxBytes} bytes`);
  if (Number(length) > maxBytes) throw tooLarge();
  if (expect?.toLowerCase() === '100-continue') response.writeContinue();
  const chunks = [];
  let size = 0;
  // Leaving the loop early would close the connection before the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  const image = Buffer.concat(chunks);
  if (!types[type](image)) throw new HttpError(400, `expected ${type}, got ${size} bytes of something else`);
  return image;
}

function failure(error, log) {
  const { status, message, headers } = error;
  if (error instanceof HttpError) return { status, headers, body: { error: message } };
  // Of ort-train's mistakes to mend only the image can be the client's: cut off, or not to be decoded.
  if (error instanceof UserError && error.code === 'data') return { status: 400, body: { error: message } };
  log(error);
  return { status: 500, body: { error: 'the service failed' } };
}
