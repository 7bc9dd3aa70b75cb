import { readdirSync, readFileSync } from 'node:fs';
import { mix } from '../../src/mix.js';
import type { NdArray } from '../reference/array.js';
import { readSafeTensors } from './safetensors.js';

const folder = new URL('../golden/', import.meta.url);

/** One golden file: PyTorch's numbers for one operator. */
export interface GoldenCase {
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The tensor of that name; a missing one is an error. */
  readonly tensor: (name: string) => NdArray;
  /** Names of the tensors. */
  readonly names: readonly string[];
}

/** A golden file, by its path in `test/golden` without `.safetensors`. */
export function golden(path: string): GoldenCase {
  const { tensors, metadata } = readSafeTensors(readFileSync(new URL(`${path}.safetensors`, folder)));
  const tensor = (name: string): NdArray => {
    const found = tensors.get(name);
    if (found === undefined) throw new TypeError(`${path}: no tensor ${name}`);
    return found;
  };
  return { name: path.replace(/^.*\//, ''), metadata, tensor, names: [...tensors.keys()] };
}

/** All golden files of operators. */
export function goldenOps(): GoldenCase[] {
  const files = readdirSync(new URL('ops/', folder)).filter((file) => file.endsWith('.safetensors'));
  return files.sort().map((file) => golden(`ops/${file.replace('.safetensors', '')}`));
}

/**
 * `n` float32 numbers in [-1, 1) from a counter and murmur3's finaliser: the very numbers of `fill` in make_golden.py.
 */
export function fill(seed: number, n: number): number[] {
  const start = Math.imul(seed, 0x9e3779b9);
  return Array.from({ length: n }, (_, i) => Math.fround(((mix(i + start) >>> 8) / 2 ** 24) * 2 - 1));
}
