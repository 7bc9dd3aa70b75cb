import { createTrainingArtifacts } from '../../src/artifacts/index.js';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { runtimeTelemetry } from '../../src/session/node.js';
import { temporaryFolder, tinyNetwork } from '../train/tiny.js';

// `npm test` builds it.
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const cli = join(dist, 'cli/main.js');
const benchWorker = fileURLToPath(new URL('../../bench/dist/bench/steps/worker.js', import.meta.url));
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const library = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);

/** A program that loads a model and runs it, with no word of telemetry. */
const predicts = `
const { loadClassifier } = await import(${library});
const classifier = await loadClassifier('model.onnx', { threads: 1 });
const image = { pixels: new Uint8Array(64), channels: 1, height: 8, width: 8 };
console.log((await classifier.predict(image)).index);
await classifier.dispose();
`;

/** The same in a worker thread; its variables are a copy, while the runtime reads those of the process. */
const inWorker = (before: string): string => `
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
${before}
const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(predicts)})));
const [code] = await once(worker, 'exit');
process.exitCode = code;
`;

interface Place {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A home without anything in it but a model, and no word of a continuous integration, where the runtime keeps silent. */
function emptyHome(): Place {
  const folder = temporaryFolder();
  const cache = join(folder, 'cache');
  mkdirSync(cache);
  writeFileSync(join(folder, 'model.onnx'), createTrainingArtifacts(tinyNetwork()).inference);
  const own = { HOME: folder, XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, TMPDIR: folder };
  return { folder, env: { PATH: process.env['PATH'], ...own } };
}

/** What the runtime leaves of its telemetry in a folder. */
function traces({ folder }: Place): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /deviceid|onnxruntime\.db|\.ses$|DeveloperTools/.test(name));
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(place: Place, [command = '', ...args]: readonly string[], stdin = ''): Promise<Ended> {
  const child = spawn(command, args, { cwd: place.folder, env: place.env, stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  child.stdin.end(stdin);
  return new Promise((resolve) => {
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

const scripted = (script: string): readonly string[] => [
  process.execPath,
  '--input-type=module',
  '--eval',
  script,
];
const train = [
  'train',
  '--preset',
  'mnist-cnn-small',
  '--max-steps',
  '2',
  '--also-test',
  'none',
  '--out',
  'run',
];
const bench = { net: 'mnist-cnn', batch: 2, target: 'portable', threads: 1, autotune: false };

const programs: readonly (readonly [string, readonly string[]])[] = [
  ['a program that uses the library', scripted(predicts)],
  ['a worker thread of a program that has not', scripted(inWorker(''))],
  ['a worker thread of a program that has', scripted(inWorker(`await import(${library});`))],
  ['training, with its thread for batches', [process.execPath, cli, ...train, '--prefetch', '--seed', '1']],
  ['doctor', [process.execPath, cli, 'doctor', '--json', '--device', 'cpu']],
  ['the process of a benchmark', [process.execPath, benchWorker, JSON.stringify(bench)]],
  [
    "an example without the library's help",
    [process.execPath, join(examples, 'bare-onnxruntime-node.mjs'), 'model.onnx', 'pixels.bin'],
  ],
];

describe.skipIf(!existsSync(cli))('no telemetry', () => {
  test.each(programs)('is left in the cache folder by %s', async (name, command) => {
    const place = emptyHome();
    writeFileSync(join(place.folder, 'pixels.bin'), new Uint8Array(4 * 64));
    const { status, stdout, stderr } = await start(place, command, 'end\n');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toBe('');
    expect(traces(place)).toEqual([]);
    if (name !== 'doctor') return;
    expect(JSON.parse(stdout)).toMatchObject({ telemetry: { state: 'off' } });
  });

  /** Whether programs can be run without a network, and watched. */
  const canWatch = [
    ['unshare', '--map-root-user', '--net', 'true'],
    ['strace', '-o', '/dev/null', 'true'],
  ].every(([command = '', ...args]) => spawnSync(command, args).status === 0);
  if (!canWatch) {
    console.info('unshare --net and strace are not to be had: that nothing is looked up is not tested here');
  }

  /** Runs a program without a network and writes down what it asks the network for. */
  const watched = [
    'unshare',
    '--map-root-user',
    '--net',
    'strace',
    '-f',
    '-qq',
    '-e',
    'trace=socket,connect',
  ];

  test.runIf(canWatch)(
    'is sent: no look-up, where a runtime that is let looks its maker up',
    async () => {
      const [silent, talking] = [emptyHome(), emptyHome()];
      // Both live until the one that is let has looked up, after about 9 seconds.
      const lasting = [
        ...watched,
        '-o',
        'calls',
        ...scripted(`${predicts}\nfor await (const _ of process.stdin);`),
      ];
      const asks = ({ folder }: Place): boolean => {
        const calls = join(folder, 'calls');
        return existsSync(calls) && /AF_INET/.test(readFileSync(calls, 'utf8'));
      };
      const [command = '', ...args] = lasting;
      const children = [silent, { ...talking, env: { ...talking.env, ORT_DISABLE_TELEMETRY: '0' } }].map(
        ({ folder, env }) => spawn(command, args, { cwd: folder, env, stdio: ['pipe', 'ignore', 'inherit'] }),
      );
      const ends = children.map(
        (child) =>
          new Promise<number | null>((resolve) => {
            child.on('close', resolve);
          }),
      );
      while (!asks(talking) && children.every((child) => child.exitCode === null)) {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      for (const child of children) child.stdin.end();
      expect(await Promise.all(ends)).toEqual([0, 0]);
      expect(asks(talking)).toBe(true);
      // Both files: what the test of silence looks for is what the runtime makes.
      expect(traces(talking).join(' ')).toMatch(/deviceid.*onnxruntime\.db/);
      expect(asks(silent)).toBe(false);
      expect(traces(silent)).toEqual([]);
    },
    120_000,
  );

  test.runIf(canWatch)('is what doctor says, unless it is wanted', async () => {
    const place = emptyHome();
    const wanted = { ...place, env: { ...place.env, ORT_DISABLE_TELEMETRY: '0' } };
    const doctor = [...watched.slice(0, 3), process.execPath, cli, 'doctor', '--device', 'cpu'];
    expect((await start(place, doctor)).stdout).toMatch(
      /its telemetry +off: ort-train sets ORT_DISABLE_TELEMETRY=1/,
    );
    expect((await start(wanted, doctor)).stdout).toMatch(/its telemetry +on: ORT_DISABLE_TELEMETRY=0 is set/);
  });
});

describe('the variable', () => {
  const before = process.env['ORT_DISABLE_TELEMETRY'];
  afterEach(() => {
    process.env['ORT_DISABLE_TELEMETRY'] = before;
  });

  test('is set for the tests themselves', () => {
    expect(before).toBe('1');
  });

  test.skipIf(process.platform === 'win32').each([
    ['0', 'on'],
    ['false', 'on'],
    ['OFF', 'on'],
    ['1', 'off'],
    ['true', 'off'],
  ])('%s means %s', (value, state) => {
    process.env['ORT_DISABLE_TELEMETRY'] = value;
    expect(runtimeTelemetry().state).toBe(state);
  });
});
