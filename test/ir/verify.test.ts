import { describe, expect, test } from 'vitest';
import { GraphError } from '../../src/errors.js';
import { prune, tensorOf, useCounts, verify, type Graph, type Node, type Value } from '../../src/ir/index.js';
import { Builder } from '../../src/ops/index.js';

/** y = relu(x w + 1) with a layer `fc`. */
function sound(): Graph {
  const b = new Builder();
  const x = b.input('x', 'float32', ['N', 3]);
  const w = b.initializer(tensorOf('float32', [3, 2], [1, 2, 3, 4, 5, 6]), 'w');
  const y = b.scope('fc', () => b.relu(b.add(b.matMul(x, w), 1)));
  return b.finish('sound', [{ name: 'y', value: y }]);
}

function nodeAt(graph: Graph, i: number): Node {
  const node = graph.nodes[i];
  if (node === undefined) throw new TypeError(`no node ${i}`);
  return node;
}

function firstOutput({ outputs: [value] }: Node): Value {
  if (value === undefined) throw new TypeError('no output');
  return value;
}

/** The graph with one node replaced. */
const withNode = (graph: Graph, i: number, change: Partial<Node>): Graph => ({
  ...graph,
  nodes: graph.nodes.map((node, k) => (k === i ? { ...node, ...change } : node)),
});

/** The graph with its first output of node `i` of another type, everywhere. */
function retyped(graph: Graph, i: number, type: Partial<Value>): Graph {
  const old = firstOutput(nodeAt(graph, i));
  const changed = { ...old, ...type };
  const replace = <T extends Value | undefined>(value: T): T | Value => (value === old ? changed : value);
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(replace),
      outputs: node.outputs.map((value) => replace(value)),
    })),
  };
}

const stranger: Value = { name: 'stranger', dtype: 'float32', shape: ['N', 2] };

const broken: readonly (readonly [rule: string, spoil: (graph: Graph) => Graph, message: RegExp])[] = [
  [
    'a value is used that nothing makes',
    (g) => withNode(g, 2, { inputs: [stranger] }),
    /^sound: Relu 'fc\.relu' \(layer fc\) uses 'stranger', which nothing before it makes$/,
  ],
  [
    'a value is used before it is made',
    (g) => ({ ...g, nodes: g.nodes.toReversed() }),
    /Relu 'fc\.relu' .* uses 'fc\.add', which nothing before it makes/,
  ],
  [
    'a value with the same name but another identity is used',
    (g) => withNode(g, 2, { inputs: [{ ...firstOutput(nodeAt(g, 1)) }] }),
    /uses 'fc\.add', which nothing before it makes/,
  ],
  [
    'a value is made twice',
    (g) => ({ ...g, nodes: [...g.nodes, { ...nodeAt(g, 2), name: 'again' }] }),
    /Relu 'again' \(layer fc\) makes 'fc\.relu' a second time/,
  ],
  [
    'an input is there twice',
    (g) => ({ ...g, inputs: [...g.inputs, ...g.inputs] }),
    /input makes 'x' a second/,
  ],
  [
    'a constant has the name of an input',
    (g) => ({ ...g, constants: g.constants.map((c) => ({ ...c, value: { ...c.value, name: 'x' } })) }),
    /constant makes 'x' a second time/,
  ],
  [
    'two nodes have one name',
    (g) => withNode(g, 2, { name: 'fc.add' }),
    /Relu 'fc\.add' \(layer fc\): another node has its name/,
  ],
  [
    'a shape is recorded that inference does not give',
    (g) => retyped(g, 2, { shape: ['N', 7] }),
    /Relu 'fc\.relu' \(layer fc\): expected 'fc\.relu' to be float32\[N,2\], got float32\[N,7\]/,
  ],
  [
    'a dtype is recorded that inference does not give',
    (g) => retyped(g, 2, { dtype: 'float64' }),
    /expected 'fc\.relu' to be float32\[N,2\], got float64\[N,2\]/,
  ],
  [
    'inputs do not fit their operator',
    (g) => withNode(g, 0, { inputs: nodeAt(g, 0).inputs.toReversed() }),
    /^sound: MatMul 'fc\.mat_mul' \(layer fc\): MatMul: float32\[3,2\] and float32\[N,3\] do not fit$/,
  ],
  ['a node has no output', (g) => withNode(g, 2, { outputs: [] }), /expected 1 outputs, got 0/],
  [
    'a node has too many outputs',
    (g) => withNode(g, 2, { outputs: [stranger, stranger] }),
    /expected 1 outputs, got 2/,
  ],
  [
    'a constant is of another type than its value',
    (g) => ({ ...g, constants: g.constants.map((c) => ({ ...c, tensor: tensorOf('float32', [1], [1]) })) }),
    /constant 'w': expected float32\[3,2\], got float32\[1\]/,
  ],
  [
    'a constant has too few elements',
    (g) => ({
      ...g,
      constants: g.constants.map((c) => ({ ...c, tensor: { ...c.tensor, data: new Float32Array(0) } })),
    }),
    /constant 'w': expected 6 elements, got 0/,
  ],
  [
    'the graph returns what nothing makes',
    (g) => ({ ...g, outputs: [{ name: 'z', value: stranger }] }),
    /sound: output 'z' is 'stranger', which nothing makes/,
  ],
  [
    'two outputs have one name',
    (g) => ({ ...g, outputs: [...g.outputs, ...g.outputs] }),
    /two outputs are called 'y'/,
  ],
  [
    'an output has the name of another value',
    (g) => ({ ...g, outputs: g.outputs.map(({ value }) => ({ name: 'x', value })) }),
    /output 'x' has the name of another value/,
  ],
];

describe('the verifier', () => {
  test('returns a sound graph itself', () => {
    const graph = sound();
    expect(verify(graph)).toBe(graph);
  });

  test.each(broken)('fails when %s', (_, spoil, message) => {
    const graph = spoil(sound());
    expect(() => verify(graph)).toThrow(GraphError);
    expect(() => verify(graph)).toThrow(message);
  });
});

describe('prune', () => {
  test('removes dead nodes and constants, keeps inputs', () => {
    const b = new Builder();
    const [x, unused] = [b.input('x', 'float32', [2]), b.input('unused', 'float32', [2])];
    const y = b.add(x, 1);
    b.mul(unused, b.exp(b.add(y, 5)));
    const graph = prune(b.finish('dead', [{ name: 'y', value: y }]));
    expect(graph.nodes.map(({ name }) => name)).toEqual(['add']);
    expect(graph.constants.map(({ value }) => value.name)).toEqual(['c_1']);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'unused']);
  });

  test('keeps a node of which only the second output is used', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [1, 1, 4, 4]);
    const attrs = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] } as const;
    const [, indices] = b.maxPool(x, attrs);
    expect(prune(b.finish('indices', [{ name: 'i', value: indices }])).nodes).toHaveLength(1);
  });

  test('useCounts counts nodes and outputs', () => {
    const b = new Builder();
    const x = b.input('x', 'float32', [2]);
    const y = b.mul(x, x);
    const counts = useCounts(b.finish('square', [{ name: 'y', value: y }]));
    expect([counts.get(x), counts.get(y)]).toEqual([2, 1]);
  });
});
