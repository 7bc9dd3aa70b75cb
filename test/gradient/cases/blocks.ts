import { basicBlock, bottleneck, type Block, type BlockOptions } from '../../../src/models/index.js';
import {
  buildNetwork,
  chain,
  defineNetwork,
  freeze,
  globalAveragePool,
  linear,
  type Network,
} from '../../../src/net/index.js';
import { positive, type CheckedInput, type GradientCase } from '../check.js';
import { value } from './make.js';

/** A network of one residual block and a head, with every tensor an input; frozen ones only steer. */
function networkCase(name: string, network: Network): GradientCase {
  const tensors = network.state.map(({ name: tensor, shape, kind, frozen }) => {
    const input: CheckedInput = tensor.endsWith('running_var') ? { shape, fill: positive } : { shape };
    const steers = kind === 'buffer' || frozen;
    return [tensor, steers ? ({ ...input, differentiable: false } as const) : input] as const;
  });
  return {
    name,
    inputs: { x: { shape: ['N', ...network.input] }, ...Object.fromEntries(tensors) },
    build: (b, x) =>
      buildNetwork(b, network, value(x, 'x'), {
        training: true,
        take: ({ name: tensor }) => value(x, tensor),
        update: () => undefined,
      }),
    // Batch norm takes away what the weights before it have in common, scale and mean: most of their gradients cancels.
    cancellation: 64,
  };
}

const blockNetwork = (
  block: Block,
  options: Omit<BlockOptions, 'zeroInit'>,
  size: readonly [number, number],
): Network =>
  defineNetwork({
    name: 'block',
    input: [options.inputs, ...size],
    classes: 2,
    net: chain(block.build({ ...options, zeroInit: false }), globalAveragePool(), linear(2, { name: 'fc' })),
  });

const narrow = { inputs: 2, width: 2, stride: 1 } as const;
const strided = { inputs: 2, width: 3, stride: 2 } as const;

export const blockCases: readonly GradientCase[] = [
  networkCase('basic block', blockNetwork(basicBlock, { ...narrow, shortcut: 'projection' }, [3, 3])),
  networkCase(
    'basic block, stride 2, projection',
    blockNetwork(basicBlock, { ...strided, shortcut: 'projection' }, [4, 3]),
  ),
  networkCase(
    'basic block, stride 2, padded shortcut',
    blockNetwork(basicBlock, { ...strided, shortcut: 'padded' }, [3, 4]),
  ),
  networkCase(
    'basic block, stride 2, plain',
    blockNetwork(basicBlock, { ...strided, shortcut: 'none' }, [4, 4]),
  ),
  networkCase(
    'bottleneck, stride 2, projection',
    blockNetwork(bottleneck, { inputs: 3, width: 2, stride: 2, shortcut: 'projection' }, [4, 4]),
  ),
  networkCase(
    'bottleneck, identity',
    blockNetwork(bottleneck, { inputs: 8, width: 2, stride: 1, shortcut: 'projection' }, [2, 2]),
  ),
  networkCase(
    'basic block with the first layers frozen',
    freeze(blockNetwork(basicBlock, { ...strided, shortcut: 'projection' }, [4, 5]), [
      'conv1',
      'bn1',
      'downsample',
    ]),
  ),
];
