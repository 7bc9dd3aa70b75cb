import { lowerPortable } from "../../src/lower/index.js";
import { buildGraph, buildInferenceGraph } from "../../src/program/index.js";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { committed, drift, graphFiles } from '../../scripts/graph-files.mjs';
import { print } from '../../src/ir/index.js';
import { presetNetwork } from '../../src/models/index.js';
import { encodeModel, readModel } from '../../src/onnx/index.js';

const folder = fileURLToPath(new URL('../../graphs', import.meta.url));
const files = graphFiles({
  buildGraph,
  buildInferenceGraph,
  print,
  lowerPortable,
  presetNetwork,
  encodeModel,
});

describe('graphs/', () => {
  test('agrees with the code (if not: npm run build && npm run graphs)', () => {
    expect(drift(files, folder)).toEqual([]);
  });

  test('has the networks of the table, weight-free and under 2 MB in all', () => {
    expect(Object.keys(committed)).toEqual(expect.arrayContaining(['mnist-cnn', 'mnist-cnn-small', 'resnet20-cifar', 'resnet18']));
    expect([...files.values()].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(2 ** 21);
    for (const [path, bytes] of files) {
      if (!path.endsWith('.onnx')) continue;
      const constants = [...readModel(bytes, path).constants().values()];
      // Shapes, axes, scalars, and the indices of the classes, of which there are 10 at least.
      const { classes } = presetNetwork(dirname(path));
      expect(Math.max(...constants.map(({ data }) => data.length)), path).toBeLessThanOrEqual(classes);
      expect(
        constants.filter(({ dtype, data }) => dtype === 'float32' && data.length > 1),
        path,
      ).toEqual([]);
    }
  });

  test.each([...files].filter(([path]) => path.endsWith('.onnx')))(
    '%s loads in ONNX Runtime',
    async (_, bytes) => {
      const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
      expect(session.outputNames.length).toBeGreaterThan(0);
      await session.release();
    },
  );
});

describe('the drift check', () => {
  let copy = '';
  beforeEach(() => {
    copy = mkdtempSync(join(tmpdir(), 'ort-train-graphs-'));
    for (const [path, content] of files) {
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      writeFileSync(join(copy, path), content);
    }
  });
  afterEach(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  test('sees a changed, a missing and a stray file', () => {
    expect(drift(files, copy)).toEqual([]);
    writeFileSync(join(copy, 'mnist-cnn/step.txt'), 'graph');
    rmSync(join(copy, 'mnist-cnn-small/eval.onnx'));
    writeFileSync(join(copy, 'mnist-cnn/old.onnx'), '');
    expect(drift(files, copy)).toEqual([
      'mnist-cnn/step.txt differs from the code',
      'mnist-cnn-small/eval.onnx is missing',
      'mnist-cnn/old.onnx belongs to no graph of the table',
    ]);
  });

  test('reports every file of a folder that is not there', () => {
    expect(drift(files, join(copy, 'nowhere'))).toHaveLength(files.size);
  });
});
