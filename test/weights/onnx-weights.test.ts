import { buildInferenceGraph } from '../../src/program/index.js';
import {
  completeWeights,
  encodeWeights,
  weightsFromSafetensors,
  encodeSafetensors,
  freshState,
  namedWeights,
  weightsFromOnnx,
} from '../../src/weights/index.js';
import { encodeInferenceModel } from '../../src/artifacts/index.js';
import { describe, expect, test } from 'vitest';
import { CheckpointError, ModelError } from '../../src/errors.js';
import { tensorOf, type Graph, type TensorData } from '../../src/ir/index.js';
import { cifarResnet, resnet } from '../../src/models/index.js';
import {
  batchNorm,
  chain,
  conv,
  defineNetwork,
  flatten,
  freeze,
  initialState,
  linear,
  relu,
  replaceHead,
  type Network,
} from '../../src/net/index.js';
import { encodeModel } from '../../src/onnx/index.js';
import { Builder } from '../../src/ops/index.js';
import { fill } from '../helpers/golden.js';
import { digests, renamed, reordered, trainedWeights } from './weights.js';

const small = (options: { readonly classes?: number; readonly width?: number } = {}): Network => {
  const { classes = 3, width = 4 } = options;
  const stem = [conv(width, 3, { bias: false, name: 'conv1' }), batchNorm({ name: 'bn1' }), relu()];
  const net = chain(...stem, flatten(), linear(classes, { name: 'fc' }));
  return defineNetwork({ name: 'small', input: [2, 6, 6], classes, net });
};

const lost = (_: string, i: number): string => `onnx::Conv_${100 + i}`;
const graphOf = (network: Network): Graph => buildInferenceGraph(network, trainedWeights(network));
const nameless = (network: Network): Uint8Array => encodeModel(renamed(graphOf(network), lost));

describe('weightsFromOnnx', () => {
  test('finds weights by name', () => {
    const network = resnet(18, { classes: 5, imageSize: 32 });
    const weights = trainedWeights(network);
    const found = weightsFromOnnx(network, encodeInferenceModel(network, weights), 'm.onnx');
    expect(found).toMatchObject({ by: 'name', problems: [], freshHead: [] });
    expect(digests(found.weights)).toEqual(digests(weights));
  });

  test.each([
    ['ResNet-50', () => resnet(50, { classes: 5, imageSize: 32 })],
    ['CIFAR ResNet-20, projection', () => cifarResnet(20, { shortcut: 'projection' })],
  ])('finds them by their places in the graph: %s', (_, make) => {
    const network = make();
    const found = weightsFromOnnx(network, nameless(network), 'm.onnx');
    expect(found.by).toBe('position');
    expect(digests(found.weights)).toEqual(digests(trainedWeights(network)));
  });

  // In the first bottleneck both the shortcut's and the third convolution are [256,64,1,1]: order would confuse them.
  test('whichever branch of a block the file lists first', () => {
    const network = resnet(50, { classes: 5, imageSize: 32 });
    const graph = reordered(renamed(graphOf(network), lost), ({ layer }) => layer.includes('downsample'));
    const convs = graph.nodes.filter(({ op }) => op.name === 'Conv').map(({ layer }) => layer);
    expect(convs[1]).toBe('layer1.0.downsample.0');
    const found = weightsFromOnnx(network, encodeModel(graph), 'm.onnx');
    expect(digests(found.weights)).toEqual(digests(trainedWeights(network)));
  });

  describe('linear layers as others write them', () => {
    const network = defineNetwork({
      name: 'line',
      input: [1, 1, 3],
      classes: 3,
      net: chain(flatten(), linear(3, { name: 'fc' })),
    });
    // Square, so that the shape does not tell which way the matrix lies.
    const weight = fill(1, 9);
    const turned = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => weight[i] ?? 0);
    const bias = fill(2, 3);
    const model = (
      form: 'gemm' | 'matMul' | 'addFirst' | 'transpose' | 'identity',
      [w, c] = ['w', 'c'],
    ): Uint8Array => {
      const b = new Builder();
      const x = b.input('x', 'float32', ['N', 3]);
      const stored = form === 'transpose' || form === 'identity' ? weight : turned;
      const matrix = b.initializer(tensorOf('float32', [3, 3], stored), w);
      const offset = b.initializer(tensorOf('float32', [3], bias), c);
      const product = (): ReturnType<Builder['input']> => b.matMul(x, matrix);
      const forms = {
        gemm: () => b.gemm(x, matrix, offset),
        matMul: () => b.add(product(), offset),
        addFirst: () => b.add(offset, product()),
        transpose: () => b.add(b.matMul(x, b.transpose(matrix, [1, 0])), offset),
        identity: () => b.gemm(x, b.identity(matrix), offset, { transB: true }),
      };
      return encodeModel(b.finish('line', [{ name: 'y', value: forms[form]() }]));
    };
    const expected = new Map([
      ['fc.weight', Float32Array.from(weight)],
      ['fc.bias', Float32Array.from(bias)],
    ]);

    test.each(['gemm', 'matMul', 'addFirst', 'transpose', 'identity'] as const)('%s', (form) => {
      expect(weightsFromOnnx(network, model(form), 'm').weights).toEqual(expected);
      const named = weightsFromOnnx(network, model(form, ['fc.weight', 'fc.bias']), 'm');
      expect(named).toMatchObject({ by: 'name', weights: expected });
    });
  });

  test.each([{}, { strict: false }, { allowHead: true }])(
    'refuses folded batch norm, options %j',
    (options) => {
      const network = resnet(18, { classes: 5, imageSize: 32 });
      const bytes = encodeInferenceModel(network, trainedWeights(network), { foldBatchNorm: true });
      const load = (): unknown => weightsFromOnnx(network, bytes, 'm.onnx', options);
      expect(load).toThrow(CheckpointError);
      expect(load).toThrow(
        /^m\.onnx does not fit the network resnet18: its batch normalisation is folded into its convolutions: .*'conv1\.weight_folded'.*Export it unfolded: .*foldBatchNorm: false.*TrainingMode\.PRESERVE/,
      );
    },
  );

  test('lists what is missing, unexpected and of another shape', () => {
    const deep = resnet(34, { imageSize: 32, classes: 5 });
    const network = resnet(18, { imageSize: 32, classes: 5 });
    expect(() => weightsFromOnnx(network, encodeModel(graphOf(deep)), 'deep.onnx')).toThrow(
      /^deep\.onnx does not fit the network resnet18: 'layer1\.2\.conv1\.weight' is unexpected; .*; and 72 more$/,
    );
    const bytes = encodeModel(graphOf(network));
    expect(() => weightsFromOnnx(deep, bytes, 's')).toThrow(
      /'layer1\.2\.conv1\.weight' \[64,64,3,3\] is missing/,
    );
    const { problems } = weightsFromOnnx(small({ width: 6 }), encodeModel(graphOf(small())), 's', {
      strict: false,
    });
    expect(problems.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      ...['conv1.weight', 'bn1.weight', 'bn1.bias', 'bn1.running_mean', 'bn1.running_var', 'fc.weight'].map(
        (name) => `other-type ${name}`,
      ),
    ]);
    expect(problems[0]?.message).toBe("'conv1.weight': expected [6,2,3,3], got [4,2,3,3]");
  });

  test('strict: false gives what fits where names were lost', () => {
    const network = resnet(18, { channels: 1, imageSize: 32, classes: 5 });
    const { weights, problems, by } = weightsFromOnnx(
      network,
      nameless(resnet(18, { imageSize: 32, classes: 5 })),
      'rgb.onnx',
      { strict: false },
    );
    expect(by).toBe('position');
    expect(problems.map(({ message }) => message)).toEqual([
      "'conv1.weight': expected [64,1,7,7], got [64,3,7,7]",
    ]);
    expect([...completeWeights(network, weights, 4).keys()]).toEqual(network.state.map(({ name }) => name));
  });

  test.each([
    ['named', (network: Network) => encodeModel(graphOf(network))],
    ['nameless', nameless],
  ])('allowHead keeps a fresh head, weights %s', (_, encode) => {
    const pretrained = resnet(18, { imageSize: 32, classes: 9 });
    const network = replaceHead(pretrained, 5);
    const bytes = encode(pretrained);
    expect(() => weightsFromOnnx(network, bytes, 'm')).toThrow(
      /'fc\.weight': expected \[5,512\], got \[9,512\]/,
    );
    const found = weightsFromOnnx(network, bytes, 'm', { allowHead: true });
    expect(found.freshHead).toEqual(['fc.weight', 'fc.bias']);
    const whole = digests(completeWeights(network, found.weights, 3));
    const expected = digests(trainedWeights(pretrained));
    const fresh = digests(initialState(network, 3));
    expect(whole).toEqual({
      ...expected,
      'fc.weight': fresh['fc.weight'],
      'fc.bias': fresh['fc.bias'],
    });
    // Where the head is the same it is taken too.
    const same = weightsFromOnnx(pretrained, bytes, 'm', { allowHead: true });
    expect(same.freshHead).toEqual([]);
    expect(digests(same.weights)).toEqual(expected);
  });

  test('refuses what is no model', () => {
    expect(() => weightsFromOnnx(small(), new Uint8Array(9).fill(255), 'x.onnx')).toThrow(ModelError);
  });
});

describe('encodeWeights', () => {
  test('writes the network’s names and order, and loads back to the same bytes', () => {
    const network = resnet(18, { classes: 5, imageSize: 32 });
    const weights = trainedWeights(network);
    const bytes = encodeWeights(network, weights);
    const back = weightsFromSafetensors(network, bytes, 'w.safetensors');
    expect([...back.weights.keys()]).toEqual(network.state.map(({ name }) => name));
    expect(Buffer.compare(encodeWeights(network, back.weights), bytes)).toBe(0);
  });

  test('gives the same bytes for a state, whatever is frozen', () => {
    const network = small();
    const state = freshState(network, { kind: 'adam' }, 2);
    const bytes = encodeWeights(network, state);
    const frozen = freeze(network, ['conv1', 'bn1']);
    expect(encodeWeights(frozen, freshState(frozen, { kind: 'sgd' }, 2))).toEqual(bytes);
    expect(encodeWeights(network, namedWeights(network, state))).toEqual(bytes);
  });

  test('refuses weights that are missing or of another size', () => {
    const network = small();
    const weights = trainedWeights(network);
    weights.set('fc.bias', new Float32Array(2));
    expect(() => encodeWeights(network, weights)).toThrow(CheckpointError);
    weights.delete('fc.bias');
    expect(() => encodeWeights(network, weights)).toThrow("weights of small: 'fc.bias' is missing");
  });
});

describe('weightsFromSafetensors', () => {
  const network = small();
  const tensors = new Map<string, TensorData>(
    network.state.map(({ name, shape }) => [
      name,
      { dtype: 'float32', shape, data: trainedWeights(network).get(name) ?? new Float32Array() },
    ]),
  );

  test('overlooks PyTorch’s batch counters', () => {
    const counted = new Map(tensors).set('bn1.num_batches_tracked', tensorOf('int64', [], [7]));
    expect(weightsFromSafetensors(network, encodeSafetensors(counted), 's').weights).toEqual(
      trainedWeights(network),
    );
  });

  test('reports and refuses as weightsFromOnnx does', () => {
    const odd = new Map(tensors).set('extra', tensorOf('float32', [1], [1]));
    odd.set('fc.bias', tensorOf('int32', [3], [1, 2, 3]));
    odd.delete('bn1.bias');
    const bytes = encodeSafetensors(odd);
    expect(() => weightsFromSafetensors(network, bytes, 's')).toThrow(
      "s does not fit the network small: 'bn1.bias' [4] is missing; " +
        "'fc.bias': expected float32, got int32; 'extra' is unexpected",
    );
    const { problems, weights } = weightsFromSafetensors(network, bytes, 's', { strict: false });
    expect(problems.map(({ kind }) => kind)).toEqual(['missing', 'other-type', 'unexpected']);
    expect(weights.size).toBe(network.state.length - 2);
  });

  test('allowHead takes a file without a head', () => {
    const body = new Map([...tensors].filter(([name]) => name !== 'fc.bias'));
    const { freshHead, weights } = weightsFromSafetensors(network, encodeSafetensors(body), 's', {
      allowHead: true,
    });
    expect(freshHead).toEqual(['fc.weight', 'fc.bias']);
    expect(weights.has('fc.weight')).toBe(false);
  });
});
