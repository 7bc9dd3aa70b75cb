import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../cli/helpers.js';

// `npm test` compiles it; the benchmark starts processes of its own from there.
const script = fileURLToPath(new URL('../../bench/dist/bench/steps/main.js', import.meta.url));
const small = ['--net', 'mnist-cnn', '--batch', '2', '--threads', '1', '--rounds', '1'];

function bench(...more: readonly string[]): { readonly out: string; readonly lines: readonly unknown[] } {
  const out = tempFolder();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, ...small, '--json', '--out', out, ...more],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return {
    out,
    lines: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  };
}

describe.skipIf(!existsSync(script))('bench', () => {
  test('measures each form of a network: one JSON line each, and a file with all', () => {
    const { out, lines } = bench('--inference', '--peer', '--python', '/nowhere/python');
    const positive = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0) as unknown;
    const result = {
      ...{ net: 'mnist-cnn', batch: 2, threads: 1, stepMs: positive, forwardMs: positive },
      ...{ gflops: positive, limitGflops: positive, peakMb: positive, firstStepMs: positive },
      // What is not there is said, and no number made up for it.
      peer: expect.stringMatching(/ENOENT/) as unknown,
      inference: [1, 64].map((batch) => expect.objectContaining({ batch, ms: positive }) as unknown),
    };
    expect(lines).toEqual([expect.objectContaining(result), expect.objectContaining(result)]);
    expect(lines[1]).toMatchObject({ target: 'portable' });
    expect(lines[0]).not.toHaveProperty('ratio');
    const [file = ''] = readdirSync(out);
    expect(JSON.parse(readFileSync(join(out, file), 'utf8'))).toEqual(lines);
  });

  test('profiles a step by operator and by layer', () => {
    const { out, lines } = bench('--profile', '--target', 'portable');
    const [profile] = lines as readonly {
      readonly byOperator: readonly { readonly name: string; readonly share: number }[];
      readonly byLayer: readonly { readonly name: string }[];
    }[];
    expect(profile?.byOperator.map(({ name }) => name)).toEqual(expect.arrayContaining(['Conv', 'Gemm']));
    expect(profile?.byLayer.map(({ name }) => name)).toEqual(expect.arrayContaining(['conv1', 'adam']));
    const shares = profile?.byOperator.reduce((sum, { share }) => sum + share, 0);
    expect(shares).toBeCloseTo(1, 6);
    expect(readdirSync(out)).toEqual([]);
  });

  test.each([
    [['--net', 'vgg'], '--net: expected some of mnist-cnn, resnet20-cifar'],
    [['--target', 'cpu'], '--target: expected one of auto, portable, both, got cpu'],
    [['--threads', '0'], '--threads: expected a whole number of at least 1, got 0'],
    [['--nett', 'vgg'], "Unknown option '--nett'"],
  ])('%j is a mistake of the user', (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
