import { runFiles } from '../../src/train/index.js';
import {
  encodeCheckpoint,
  encodeWeights,
  weightsFromSafetensors,
  stateFrom,
  weightsFromOnnx,
} from '../../src/weights/index.js';
import { encodeInferenceModel } from '../../src/artifacts/index.js';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { exportModel } from '../../src/export/index.js';
import { presetNetwork, resnet } from '../../src/models/index.js';
import { readModel } from '../../src/onnx/index.js';
import { relativeError, trainedWeights } from '../weights/weights.js';
import { cli, tempFolder } from '../cli/helpers.js';
import { fill } from '../helpers/golden.js';

describe('a ResNet-18', () => {
  const network = resnet(18, { classes: 10, imageSize: 64 });
  const weights = trainedWeights(network);
  const kept = encodeInferenceModel(network, weights);

  // One thread in each: both then add in one order. The logits are of magnitude 1 after scaling; issue 5 asks for 1e-5.
  test.each([true, false])(
    'has the same logits in Node and in wasm, batch norm folded: %s',
    async (foldBatchNorm) => {
      const bytes = exportModel({ name: 'model.onnx', bytes: kept }, undefined, { foldBatchNorm });
      const data = Float32Array.from(fill(3, 2 * 3 * 64 * 64));
      const native = await node.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
      const one = await native.run({ input: new node.Tensor('float32', data, [2, 3, 64, 64]) }, ['logits']);
      web.env.wasm.numThreads = 1;
      const wasm = await web.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
      const two = await wasm.run({ input: new web.Tensor('float32', data, [2, 3, 64, 64]) }, ['logits']);
      const [actual, expected] = [two['logits']?.data as Float32Array, one['logits']?.data as Float32Array];
      expect(expected).toHaveLength(20);
      expect(relativeError(actual, expected)).toBeLessThan(1e-5);
      await native.release();
      await wasm.release();
    },
  );

  test('gives its weights back as the same bytes, through .onnx and safetensors', () => {
    const bytes = encodeWeights(network, weights);
    const fromOnnx = weightsFromOnnx(network, kept, 'model.onnx');
    expect(Buffer.compare(encodeWeights(network, fromOnnx.weights), bytes)).toBe(0);
    const fromFile = weightsFromSafetensors(network, bytes, 'w.safetensors');
    expect(Buffer.compare(encodeWeights(network, fromFile.weights), bytes)).toBe(0);
  });
});

describe('ort-train export', () => {
  const network = presetNetwork('resnet20-cifar', {});
  const weights = trainedWeights(network);
  const state = stateFrom(network, { kind: 'adam' }, weights);
  const checkpoint = encodeCheckpoint(
    network,
    { kind: 'adam' },
    { state, progress: { step: 0, epoch: 0, extra: null } },
  );

  test('puts the checkpoint’s weights into a batch-norm network and folds it', async () => {
    const run = tempFolder();
    writeFileSync(join(run, runFiles.model), encodeInferenceModel(network, trainedWeights(network, 2)));
    writeFileSync(join(run, runFiles.checkpoint), checkpoint);
    const out = join(run, 'out.onnx');
    const { status, stderr } = await cli('export', run, '--out', out);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const direct = exportModel({ name: 'm', bytes: encodeInferenceModel(network, weights) }, undefined);
    const [mine, theirs] = [readModel(readFileSync(out), 'out'), readModel(direct, 'direct')];
    expect(mine.nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
    expect(mine.constants()).toEqual(theirs.constants());
  });
});
