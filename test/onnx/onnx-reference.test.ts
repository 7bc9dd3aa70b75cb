import { lowerPortable } from '../../src/lower/index.js';
import { buildGraph } from '../../src/program/index.js';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/ir/index.js';
import { presetNetwork } from '../../src/models/index.js';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  flatten,
  identity,
  linear,
  maxPool,
  relu,
  type Network,
} from '../../src/net/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { fill } from '../helpers/golden.js';
import { runOrt } from '../helpers/ort.js';
import { ndarray, product, type NdArray } from '../reference/array.js';
import { expectClose, type Tolerance } from '../reference/close.js';
import { evaluate } from '../reference/evaluate.js';
import { bindShape } from '../helpers/bind-shape.js';

/** A Python with the package `onnx`. */
const python = process.env['ONNX_PYTHON'] ?? 'python3';

function hasReference(): boolean {
  const there = spawnSync(python, ['-c', 'import onnx.reference'], { stdio: 'ignore' }).status === 0;
  if (!there) {
    process.stderr.write(
      `skipped: tests that need Python's onnx, which ${python} does not have (ONNX_PYTHON names another)\n`,
    );
  }
  return there;
}

/** What ONNX's own reference implementation makes of a graph's model. */
function inPython(graph: Graph, feeds: Readonly<Record<string, NdArray>>): Record<string, NdArray> {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-onnx-'));
  try {
    writeFileSync(join(folder, 'model.onnx'), encodeModel(lowerPortable(graph)));
    const fed = graph.inputs.map(({ name, dtype }) => {
      const feed = feeds[name] ?? ndarray([0], []);
      return [name, { dtype, shape: feed.shape, data: Array.from(feed.data) }] as const;
    });
    writeFileSync(join(folder, 'feeds.json'), JSON.stringify(Object.fromEntries(fed)));
    execFileSync(python, [fileURLToPath(new URL('evaluate.py', import.meta.url)), folder]);
    const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Readonly<
      Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
    >;
    return Object.fromEntries(
      Object.entries(results).map(([name, { shape, data }]) => [name, ndarray(shape, data)]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Batch norm, windows that overlap, that leave rows over and that have gaps and padding, an identity shortcut. */
const pooled = (): Network =>
  defineNetwork({
    name: 'pooled',
    input: [2, 13, 11],
    classes: 4,
    net: chain(
      ...[conv(6, 3, { bias: false }), batchNorm(), relu(), maxPool(3, { stride: 2, padding: 1 })],
      ...[add(chain(conv(6, 3, { padding: 1, bias: false }), batchNorm()), identity()), relu()],
      ...[conv(5, 3, { padding: 1 }), maxPool(2, { stride: 3, padding: 1 }), flatten(), linear(4)],
    ),
  });

/** Numbers for a training model of two images: weights small enough that no layer overflows, variances positive. */
function feedsOf(graph: Graph, classes: number): Record<string, NdArray> {
  const batch = 2;
  return Object.fromEntries(
    graph.inputs.map(({ name, shape }, i) => {
      const lengths = bindShape(shape, { N: batch }).map(Number);
      const values = fill(11 + i, product(lengths)).map((u) => {
        if (name === 'target') return Math.floor(((u + 1) / 2) * classes);
        if (name === 'buffers') return Math.fround(1 + u / 2);
        return Math.fround(name === 'params' ? u / 5 : u);
      });
      return [name, ndarray(lengths, values)];
    }),
  );
}

/** The three sum the same float32 products in their own orders: a few units of 2^-24 = 6e-8 of the largest. */
const tolerance: Tolerance = { relative: 1e-6, ofLargest: 1e-6 };

describe.skipIf(!hasReference())("ONNX's own reference implementation", () => {
  test.each([
    ['mnist-cnn-small', presetNetwork('mnist-cnn-small')],
    ['a network of poolings and batch norm', pooled()],
  ])('evaluates the training model of %s, with our gradients', async (_, network) => {
    const graph = buildGraph(network, 'training', { optimizer: { kind: 'adam' }, loss: {} });
    const feeds = feedsOf(graph, network.classes);
    const results = inPython(graph, feeds);
    const exact = evaluate(graph, feeds);
    const ours = await runOrt(graph, feeds);
    expect(Object.keys(results)).toEqual(expect.arrayContaining(['loss', 'grad']));
    for (const [name, value] of Object.entries(results)) {
      const [reference, ort] = [exact[name], ours[name]];
      if (reference === undefined || ort === undefined) throw new TypeError(`no result ${name}`);
      expectClose(`${name} beside the float64 reference`, value, reference, tolerance);
      expectClose(`${name} beside ONNX Runtime`, value, ort, tolerance);
    }
  });
});
