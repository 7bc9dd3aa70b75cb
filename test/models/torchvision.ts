import { readFileSync } from 'node:fs';
import { mix } from '../../src/mix.js';
import type { Network } from '../../src/net/index.js';

/** What PyTorch and torchvision computed; see `resnets` in make_golden.py. */
export interface Trace {
  readonly arch: 'resnet18' | 'resnet50';
  readonly input: { readonly fill_seed: number; readonly shape: readonly number[] };
  readonly target: readonly number[];
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly parameter_count: number;
  /** Names in the order of torchvision's state_dict; `num_batches_tracked` among them. */
  readonly state_dict_order: readonly string[];
  readonly eval_logits_before: readonly (readonly number[])[];
  readonly losses: readonly number[];
  readonly grad_norms_step1: Readonly<Record<string, number>>;
  readonly grad_first8_step1: Readonly<Record<string, readonly number[]>>;
  readonly eval_logits_after: readonly (readonly number[])[];
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../golden/resnets/${name}.json`, import.meta.url), 'utf8'));
}

/** The trace of torchvision's network of that name. */
export function traceOf(arch: Trace['arch']): Trace {
  return readJson(arch) as Trace;
}

/** Parameter counts of torchvision's ResNets with 1000 classes. */
export const counts = readJson('counts') as Readonly<
  Record<string, { readonly parameters_1000_classes: number; readonly tensors: number }>
>;

/**
 * The weights that the traces start from: tensor i of the state_dict from `fill(1000 + i)`, scaled as `init` says.
 */
export function traceWeights(network: Network, trace: Trace): Map<string, Float32Array> {
  const width = Number(trace.parameters['fc.weight']?.[1]);
  return new Map(
    network.state.map(({ name, shape }) => {
      const [size, fanIn] = [product(shape), product(shape.slice(1))];
      if (name.endsWith('running_mean')) return [name, new Float32Array(size)] as const;
      if (name.endsWith('running_var')) return [name, new Float32Array(size).fill(1)] as const;
      const u = fillFloat32(1000 + trace.state_dict_order.indexOf(name), size);
      if (shape.length === 4) return [name, u.map((v) => v * Math.sqrt(6 / fanIn))] as const;
      if (name.startsWith('fc.')) return [name, u.map((v) => v / Math.sqrt(width))] as const;
      return [name, u.map(name.endsWith('.weight') ? (v) => v * 0.1 + 1 : (v) => v * 0.1)] as const;
    }),
  );
}

/** `fill` without a list between: a ResNet-50 has 23 million numbers. */
function fillFloat32(seed: number, n: number): Float32Array {
  const data = new Float32Array(n);
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < n; i++) data[i] = ((mix(i + start) >>> 8) / 2 ** 24) * 2 - 1;
  return data;
}

export function product(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
