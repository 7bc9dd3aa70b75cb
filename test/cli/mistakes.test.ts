import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, digitFiles, folderOf, tempFolder } from './helpers.js';

const data = folderOf(digitFiles());
const small = ['--preset', 'mnist-cnn-small', '--batch-size', '16', '--threads', '1'] as const;

test.each([
  ['--image-size', '64'],
  ['--classes', '5'],
  ['--channels', '1'],
])('doctor %s without a network is refused', async (option, value) => {
  const { status, events } = await cli('doctor', option, value, '--json');
  expect(status).toBe(2);
  expect(events).toMatchObject([{ event: 'error', code: 'option' }]);
  expect(events[0]?.['message']).toContain(`${option}: it is of a network, expected --network`);
});

describe("a user's mistake in what the files hold", () => {
  const files = digitFiles();
  const name = 'train-images-idx3-ubyte';
  const images = files[name] ?? new Uint8Array();
  const labels = files['train-labels-idx1-ubyte'] ?? new Uint8Array();
  const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array =>
    bytes.map((byte, i) => (i === at ? value : byte));
  const broken: readonly (readonly [string, Readonly<Record<string, Uint8Array>>])[] = [
    ['cut off', { [name]: images.slice(0, -9) }],
    ['swapped', { [name]: labels, 'train-labels-idx1-ubyte': images }],
    ['of another magic', { [name]: changed(images, 2, 9) }],
    ['with labels out of range', { 'train-labels-idx1-ubyte': changed(labels, 9, 77) }],
    ['a corrupt gzip', { [name]: Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8) }],
  ];
  test.each(broken)('IDX %s', async (_, wrong) => {
    const folder = folderOf({ ...files, ...wrong });
    const { status, events } = await cli(
      'train',
      ...small,
      '--data',
      folder,
      '--out',
      tempFolder(),
      '--json',
    );
    expect(status).toBe(2);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ event: 'error', code: 'data' });
    expect(events[0]?.['message']).toContain(folder);
  });

  const safetensors = (header: string, length = header.length): Uint8Array => {
    const bytes = new Uint8Array(8 + header.length + 8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
    bytes.set(new TextEncoder().encode(header), 8);
    return bytes;
  };
  const tensor = (from: number, to: number, dtype = 'F32'): string =>
    JSON.stringify({ dtype, shape: [1], data_offsets: [from, to] });
  test.each([
    ['a wrong header length', safetensors('{}', 999_999)],
    ['offsets out of range', safetensors(`{"a":${tensor(0, 400)}}`)],
    ['overlapping offsets', safetensors(`{"a":${tensor(0, 4)},"b":${tensor(2, 6)}}`)],
    ['a wrong dtype', safetensors(`{"a":${tensor(0, 4, 'F99')}}`)],
    ['tensors of another network', safetensors(`{"a":${tensor(0, 4)},"b":${tensor(4, 8)}}`)],
  ])('safetensors with %s', async (_, bytes) => {
    const init = join(tempFolder(), 'init.safetensors');
    writeFileSync(init, bytes);
    const options = ['--data', data, '--init', init, '--out', tempFolder(), '--json'];
    const { status, events } = await cli('train', ...small, ...options);
    expect(status).toBe(2);
    expect(events).toMatchObject([{ event: 'error', code: 'checkpoint' }]);
  });

  test.each([
    [['--batch-size', '49'], 'option', 'batchSize: expected at most 48'],
    [['--device', 'wasm'], 'device', 'it runs in the browser'],
    [
      ['--data', 'nowhere'],
      'data',
      'expected one of digits, mnist, fashion-mnist, cifar10, cifar100, or a folder',
    ],
    [['--resume', 'nowhere'], 'io', 'cannot read nowhere'],
    [['--image-size', '32'], 'option', 'expects images 1x32x32, got 1x28x28'],
    [['--weight-decay', '-1'], 'option', '--weight-decay: expected a finite number of at least 0'],
  ])('%j', async (wrong, code, message) => {
    const given = wrong.includes('--data') ? [] : ['--data', data];
    const preset = [
      '--preset',
      'mnist-cnn-small',
      ...(wrong.includes('--batch-size') ? [] : ['--batch-size', '16']),
    ];
    const { status, events } = await cli(
      'train',
      ...preset,
      ...given,
      ...wrong,
      '--out',
      tempFolder(),
      '--json',
    );
    expect(status).toBe(2);
    expect(events).toMatchObject([{ event: 'error', code }]);
    expect(events[0]?.['message']).toContain(message);
  });

  test('a folder that cannot be written', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    const { status, events } = await cli(
      'train',
      ...small,
      '--data',
      data,
      '--out',
      join(file, 'run'),
      '--json',
    );
    expect(status).toBe(2);
    expect(events).toMatchObject([{ event: 'error', code: 'io' }]);
  });

  test('a loss that is no longer finite', async () => {
    const options = [
      '--data',
      data,
      '--optimizer',
      'sgd',
      '--lr',
      '1e30',
      '--epochs',
      '9',
      '--out',
      tempFolder(),
    ];
    const { status, events } = await cli('train', ...small, ...options, '--json');
    expect(status).toBe(2);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'diverged' });
  });
});
