import {
  newArray,
  tensorOf,
  type DType,
  type Graph,
  type OpDef,
  type Shape,
  type Value,
} from '../../src/ir/index.js';

/** An operator of which only the file matters: it says what its outputs are. */
export function fileOp(
  name: string,
  outputs: readonly { readonly dtype: DType; readonly shape: Shape }[],
  more: Partial<OpDef> = {},
): OpDef {
  return { name, infer: () => outputs, composite: false, floats: [], tensorAttrs: {}, ...more };
}

export function value(name: string, shape: Shape, dtype: DType = 'float32'): Value {
  return { name, dtype, shape };
}

/** conv1 (with a left-out bias) -> relu -> two outputs of one value; symbolic batch. */
export function convGraph(): Graph {
  const x = value('x', ['N', 1, 6, 6]);
  const w = value('conv1.weight', [2, 1, 3, 3]);
  const y = value('conv1', ['N', 2, 4, 4]);
  const relu = value('conv1.relu', ['N', 2, 4, 4]);
  const flat = value('flat', ['2*N', 16]);
  const weights = Array.from({ length: 18 }, (_, i) => (i - 9) / 8);
  const shape = tensorOf('int64', [2], [-1, 16]);
  const target = value('target', [2], 'int64');
  return {
    name: 'conv-graph',
    inputs: [x],
    constants: [
      { value: w, tensor: tensorOf('float32', [2, 1, 3, 3], weights) },
      { value: target, tensor: shape },
    ],
    nodes: [
      {
        op: fileOp('Conv', [y]),
        name: 'conv1.node',
        layer: 'block1.conv1',
        inputs: [x, w],
        outputs: [y],
        attrs: { kernel_shape: [3, 3], group: 1, auto_pad: 'NOTSET' },
      },
      {
        op: fileOp('LeakyRelu', [relu], { floats: ['alpha'] }),
        name: 'relu.node',
        layer: 'block1',
        inputs: [y],
        outputs: [relu],
        attrs: { alpha: 0.1 },
      },
      {
        op: fileOp('Reshape', [flat]),
        name: 'flat.node',
        layer: '',
        inputs: [relu, target],
        outputs: [flat],
        attrs: {},
      },
    ],
    outputs: [
      { name: 'conv1.relu', value: relu },
      { name: 'again', value: relu },
      { name: 'rows', value: flat },
    ],
  };
}

/** A graph that only hands out a constant of each dtype. */
export function constantGraph(tensors: ReadonlyMap<string, ReturnType<typeof tensorOf>>): Graph {
  const constants = [...tensors].map(([name, tensor]) => ({
    value: value(name, tensor.shape, tensor.dtype),
    tensor,
  }));
  return {
    name: 'constants',
    inputs: [],
    constants,
    nodes: [],
    outputs: constants.map((constant) => ({ name: `${constant.value.name}.out`, value: constant.value })),
  };
}

/** The graph without what JSON cannot compare: operators as their names. */
export function plain(graph: Graph): unknown {
  return { ...graph, nodes: graph.nodes.map((node) => ({ ...node, op: node.op.name })) };
}

export { newArray };
