import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createTrainingArtifacts,
  embeddedDigits,
  loadClassifier,
  presetNetwork,
  type Prediction,
} from '../../src/index.js';
import { tempFolder } from '../cli/helpers.js';

const folder = fileURLToPath(new URL('../../examples/node-service', import.meta.url));
const maxBytes = 20_000;

interface Started {
  readonly child: ChildProcess;
  /** The address of /classify. */
  readonly url: string;
  /** What it wrote to standard error. */
  readonly complaints: string[];
}

/** Starts the service as a user does, on a free port. */
async function startService(model: string): Promise<Started> {
  const args = [join(folder, 'server.mjs'), model, '--port', '0', '--max-bytes', `${maxBytes}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk) => complaints.push(String(chunk)));
  const first = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, url: /http\S+/.exec(first[0])?.[0] ?? first[0], complaints };
}

const digits = embeddedDigits({ train: 1, test: 3 }).test;
const pixels = (i: number): Uint8Array => digits.images.slice(i * 784, (i + 1) * 784);
const picture = (i: number): Sharp => sharp(pixels(i), { raw: { width: 28, height: 28, channels: 1 } });

let model = '';
let service: Started;
beforeAll(async () => {
  model = join(tempFolder(), 'model.onnx');
  writeFileSync(model, createTrainingArtifacts(presetNetwork('mnist-cnn-small'), { seed: 2 }).inference);
  service = await startService(model);
});
afterAll(async () => {
  if (service.child.exitCode !== null) return;
  service.child.kill('SIGKILL');
  await once(service.child, 'exit');
});

/** The answer to an upload; undefined for `type` sends none. */
async function post(
  body: Uint8Array | string,
  type: string | undefined = 'image/png',
  url = service.url,
): Promise<{ status: number; json: Record<string, unknown>; headers: Headers }> {
  const headers = type === '' ? {} : { 'content-type': type };
  const response = await fetch(url, { method: 'POST', body: Uint8Array.from(Buffer.from(body)), headers });
  expect(response.headers.get('content-type')).toBe('application/json');
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, json, headers: response.headers };
}

describe('examples/node-service', () => {
  test('classifies what is uploaded as the classifier does', async () => {
    const classifier = await loadClassifier(model);
    for (const [type, bytes] of [
      ['image/png', await picture(0).png().toBuffer()],
      ['image/webp; q=1', await picture(1).webp({ lossless: true }).toBuffer()],
      ['IMAGE/JPEG', await picture(2).jpeg().toBuffer()],
    ] as const) {
      const expected = await classifier.predict(bytes);
      const { status, json } = await post(bytes, type);
      expect(status).toBe(200);
      const { label, probability, probabilities } = json as unknown as Prediction;
      expect({ label, probability, probabilities }).toEqual({
        label: expected.label,
        probability: expected.probability,
        probabilities: expected.probabilities,
      });
    }
    await classifier.dispose();
  });

  test('scales an image of another size', async () => {
    const { status, json } = await post(await picture(0).resize(50, 40).png().toBuffer());
    expect(status).toBe(200);
    expect(json['probabilities']).toHaveLength(10);
  });

  test('says what it is', async () => {
    const response = await fetch(new URL('/health', service.url));
    expect(await response.json()).toEqual({
      status: 'ok',
      input: [1, 28, 28],
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    });
  });

  test('400: bytes that are no such image, or are cut off', async () => {
    const png = await picture(0).png().toBuffer();
    const jpeg = await picture(0).jpeg().toBuffer();
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"/>';
    for (const body of ['', 'hello', svg, jpeg]) {
      const { status, json } = await post(body);
      expect(status).toBe(400);
      expect(json['error']).toMatch(/^expected image\/png, got \d+ bytes of something else$/);
    }
    const { status, json } = await post(png.subarray(0, png.length - 40));
    expect(status).toBe(400);
    expect(json['error']).toMatch(/^image of \d+ bytes: expected an image/);
  });

  test('404 and 405: another path, another method', async () => {
    expect((await post('', 'image/png', new URL('/other', service.url).href)).status).toBe(404);
    expect((await post('', 'image/png', new URL('/constructor', service.url).href)).status).toBe(404);
    for (const [path, method, allow] of [
      ['/classify?x=1', 'GET', 'POST'],
      ['/classify', 'DELETE', 'POST'],
      ['/health', 'POST', 'GET'],
    ] as const) {
      const response = await fetch(new URL(path, service.url), { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe(allow);
      expect(await response.json()).toHaveProperty('error');
    }
  });

  test('413: more than the limit, announced, streamed or asked for', async () => {
    const large = new Uint8Array(20 * maxBytes);
    const { status, json } = await post(large);
    expect(status).toBe(413);
    expect(json).toEqual({ error: `expected at most ${maxBytes} bytes` });

    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(maxBytes));
        controller.close();
      },
    });
    const init = { method: 'POST', body: stream, duplex: 'half', headers: { 'content-type': 'image/png' } };
    expect((await fetch(service.url, init)).status).toBe(413);

    // Nothing but the head is sent: the answer has to come before the image.
    const headers = { 'content-type': 'image/png', 'content-length': large.length, expect: '100-continue' };
    const asking = request(service.url, { method: 'POST', headers });
    asking.flushHeaders();
    const [{ statusCode }] = (await once(asking, 'response')) as [{ statusCode: number }];
    asking.destroy();
    expect(statusCode).toBe(413);
  });

  test('goes on after 100-continue with an image that it takes', async () => {
    const png = await picture(0).png().toBuffer();
    const headers = { 'content-type': 'image/png', 'content-length': png.length, expect: '100-continue' };
    const asking = request(service.url, { method: 'POST', headers });
    asking.flushHeaders();
    await once(asking, 'continue');
    asking.end(png);
    const [answer] = (await once(asking, 'response')) as [{ statusCode: number; resume: () => void }];
    answer.resume();
    expect(answer.statusCode).toBe(200);
  });

  test('415: no content type, or one that is no image', async () => {
    for (const type of ['', 'text/plain', 'image/svg+xml', 'constructor']) {
      const { status, headers, json } = await post('x', type);
      expect(status).toBe(415);
      expect(headers.get('accept')).toBe('image/png, image/jpeg, image/webp');
      expect(json['error']).toContain('expected image/png, image/jpeg, image/webp, got ');
    }
  });

  test('500: what the service itself cannot do is logged, not told', async () => {
    const { createService } = (await import(join(folder, 'service.mjs'))) as {
      createService: (options: unknown) => Server;
    };
    const logged: unknown[] = [];
    const cause = new Error('out of memory at 0x1234');
    const server = createService({
      classifier: { card: { input: [1, 28, 28], classes: [] }, predict: () => Promise.reject(cause) },
      log: (error: unknown) => logged.push(error),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const png = await picture(0).png().toBuffer();
    const { status, json } = await post(png, 'image/png', `http://127.0.0.1:${port}/classify`);
    server.close();
    expect(status).toBe(500);
    expect(json).toEqual({ error: 'the service failed' });
    expect(logged).toEqual([cause]);
  });

  test('survives a client that leaves in the middle of its upload', async () => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const head = ['Host: x', 'Content-Type: image/png', 'Content-Length: 9000', 'Expect: 100-continue'];
    socket.write(`POST /classify HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\nabc`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 100 /);
    socket.destroy();
    await once(socket, 'close');
    expect((await post(await picture(0).png().toBuffer())).status).toBe(200);
  });

  test('SIGTERM ends it after the request that is under way', async () => {
    const png = await picture(0).png().toBuffer();
    const slow = request(service.url, {
      method: 'POST',
      headers: { 'content-type': 'image/png', 'content-length': png.length, expect: '100-continue' },
    });
    // The service has the request, and waits for the rest.
    const underWay = once(slow, 'continue');
    slow.flushHeaders();
    await underWay;
    slow.write(png.subarray(0, 10));
    const ended = once(service.child, 'exit');
    service.child.kill('SIGTERM');
    // It may still answer for a moment, until it has seen the signal.
    const isUp = (): Promise<boolean> =>
      fetch(new URL('/health', service.url), { headers: { connection: 'close' } }).then(
        () => true,
        () => false,
      );
    while (await isUp());
    slow.end(png.subarray(10));
    const [answer] = (await once(slow, 'response')) as [{ statusCode: number; resume: () => void }];
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(await ended).toEqual([0, null]);
    expect(service.complaints).toEqual([]);
  });
});
