import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { launch, openPage } from './helpers/browser.js';
import { beforeTests } from './helpers/file-setup.js';
import { startServer, type ServerOptions, type TestServer } from './helpers/server.js';
import type { StartInput, StartOutput } from './modules/start-session.js';

const dist = fileURLToPath(new URL('../../node_modules/onnxruntime-web/dist', import.meta.url));

let browser: Browser;
let server: TestServer;
let answer: ServerOptions['answer'];
beforeTests(async (afterTests) => {
  server = await startServer({ answer: (request, response) => answer?.(request, response) ?? false });
  afterTests(() => server.close());
  browser = await launch();
  afterTests(() => browser.close());
});
afterEach(() => {
  answer = undefined;
});

/** Starts sessions in a worker of a page of their own. */
async function start(input: StartInput, from = server) {
  const { page, runInWorker, errors } = await openPage(browser, from);
  onTestFinished(() => page.close());
  return { results: await runInWorker<StartOutput[]>('start-session.ts', input), errors };
}

/** Something else for WebAssembly files. */
function instead(give: (response: ServerResponse) => void): NonNullable<ServerOptions['answer']> {
  return ({ url = '' }, response) => {
    if (!/\.wasm(\?|$)/.test(url)) return false;
    give(response);
    return true;
  };
}

const file = 'ort-wasm-simd-threaded.wasm';

describe('a wasm file', () => {
  test.each<readonly [what: string, give: (response: ServerResponse) => void, came: RegExp]>([
    [
      'that is not there',
      (response) => response.writeHead(404, { 'content-type': 'text/plain' }).end('no such file'),
      /: expected WebAssembly, got no file \(status 404, text\/plain\)/,
    ],
    [
      'in whose place comes the page of an application, as hosts do for unknown paths',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Hello'),
      /: expected WebAssembly, got a page of HTML \(status 200, text\/html\)/,
    ],
    [
      'of another type and with other bytes',
      (response) => response.writeHead(200, { 'content-type': 'image/png' }).end('\u0089PNG'),
      /: expected WebAssembly, got something else \(status 200, image\/png\)/,
    ],
    [
      'that is cut off',
      (response) =>
        response
          .writeHead(200, { 'content-type': 'application/wasm' })
          .end(Buffer.from([0, 0x61, 0x73, 0x6d, 1])),
      / came, but does not start: .*CompileError/,
    ],
    [
      'that the connection does not bring',
      (response) => response.destroy(),
      /: expected WebAssembly, got nothing \(.*fetch/,
    ],
  ])('%s', async (_, give, came) => {
    answer = instead(give);
    const [first, second] = (await start({ sessions: [{}, { devices: ['wasm'] }] })).results;
    expect(first?.error).toMatchObject({ name: 'DeviceError', code: 'device' });
    const { message = '' } = first?.error ?? {};
    expect(message).toMatch(new RegExp(`^wasm cannot start \\(http://localhost:\\d+/\\S*/dist/${file}`));
    expect(message).toMatch(came);
    expect(message).toContain('configureRuntime({ wasmPaths })');
    // The runtime starts once in a page; whoever tries again is told the same.
    expect(second?.error).toEqual(first?.error);
  });

  test('of the wrong type, but whole, is used, and the report says which one it is', async () => {
    const bytes = readFileSync(join(dist, file));
    answer = instead((response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
    });
    const [session] = (await start({ sessions: [{ threads: 1 }] })).results;
    expect(session?.device).toMatchObject({
      chosen: 'wasm',
      notices: [
        expect.stringMatching(
          new RegExp(`^http://\\S*/${file} came as application/octet-stream; .*application/wasm`),
        ),
      ],
    });
  });

  test('lies where configureRuntime says, and there only', async () => {
    const wasmPaths = server.urlOf(dist);
    const [session] = (await start({ sessions: [{ threads: 1 }], wasmPaths })).results;
    expect(session?.device).toMatchObject({ chosen: 'wasm', threads: 1 });
    answer = ({ url = '' }, response) => {
      if (!url.startsWith('/nowhere/')) return false;
      response.writeHead(404).end();
      return true;
    };
    const [failed, none] = (await start({ sessions: [{ threads: 1 }], wasmPaths: '/nowhere' })).results;
    expect(failed?.error?.message).toMatch(
      new RegExp(`\\(http://localhost:\\d+/nowhere/${file}: expected WebAssembly, got no file \\(status 404`),
    );
    expect(none).toBeUndefined();
  });
});

describe('threads', () => {
  test('are one where the page is not isolated, and the report says why', async () => {
    const open = await startServer({ isolated: false });
    onTestFinished(() => open.close());
    const { results, errors } = await start({ sessions: [{}, { threads: 2 }, { threads: 1 }] }, open);
    const why = /not cross-origin isolated.*Cross-Origin-Opener-Policy.*Cross-Origin-Embedder-Policy/;
    for (const { device } of results.slice(0, 2)) {
      expect(device).toMatchObject({ threads: 1, threadsReason: expect.stringMatching(why) as string });
    }
    expect(errors).toEqual([]);
  });

  test('are one where their script is not served, and the report says which one it is', async () => {
    answer = ({ url = '' }, response) => {
      if (!url.includes('/ort-wasm-simd-threaded.mjs')) return false;
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Hello');
      return true;
    };
    const [session] = (await start({ sessions: [{ threads: 2 }] })).results;
    expect(session?.device).toMatchObject({
      threads: 1,
      threadsReason: expect.stringMatching(
        /^one thread instead of 2: http\S+ort-wasm-simd-threaded\.mjs: expected a script, got a page of HTML \(status 200, text\/html\)$/,
      ) as string,
    });
  });

  test('are as many as the first session asks for; later ones are told', async () => {
    const { results, errors } = await start({ sessions: [{ threads: 2 }, { threads: 1 }, {}] });
    const [first, other, unsaid] = results.map(({ device }) => device);
    expect(first).toMatchObject({ threads: 2 });
    expect(first).not.toHaveProperty('threadsReason');
    expect(first).not.toHaveProperty('notices');
    expect(other).toMatchObject({
      threads: 2,
      threadsReason: expect.stringMatching(/^2 threads, as the first session/) as string,
    });
    expect(unsaid).toMatchObject({ threads: 2 });
    expect(errors).toEqual([]);
  });
});

describe('devices', () => {
  test('webgpu without an adapter is an error that says so, and gives way to wasm in a list', async () => {
    const { results, errors } = await start({
      sessions: [{ devices: ['webgpu'] }, { devices: ['webgpu', 'wasm'], threads: 1 }],
    });
    const [alone, list] = results;
    const reason = 'this browser has WebGPU, but no adapter for it on this machine';
    expect(alone?.error).toMatchObject({
      name: 'DeviceError',
      message: expect.stringMatching(new RegExp(`^webgpu cannot start \\(${reason}\\); it needs`)) as string,
    });
    expect(list?.device).toMatchObject({ chosen: 'wasm', rejected: [{ device: 'webgpu', reason }] });
    expect(errors).toEqual([]);
  });

  test('webgpu where the browser has none is an error that says so', async () => {
    const { results } = await start({ sessions: [{ devices: ['webgpu'] }], withoutWebGpu: true });
    expect(results[0]?.error?.message).toMatch(/^webgpu cannot start \(this browser has no WebGPU\)/);
  });

  test('that a browser does not have are refused, and so is an empty list', async () => {
    const { results } = await start({
      sessions: [{ devices: ['cpu'] }, { devices: ['gpu'] }, { devices: [] }],
    });
    expect(results.map(({ error }) => `${error?.name ?? ''}: ${error?.message ?? ''}`)).toEqual([
      expect.stringMatching(
        /^DeviceError: cpu cannot start \(onnxruntime-web does not have it\); it runs in Node/,
      ),
      "DeviceError: device: expected one of cpu, cuda, webgpu, wasm, got 'gpu'",
      'DeviceError: device: expected at least one execution provider, got none',
    ]);
  });

  test('a model that is none is a ModelError, and the runtime none the worse for it', async () => {
    const { results } = await start({ sessions: [{ threads: 1 }], bytes: [1, 2, 3] });
    expect(results[0]?.error).toMatchObject({
      name: 'ModelError',
      message: expect.stringMatching(/^ONNX Runtime cannot load the model: [^\n]+$/) as string,
    });
  });
});
