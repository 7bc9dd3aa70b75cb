import { lowerPortable } from '../../src/lower/index.js';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../src/errors.js';
import { print, verify, type Graph } from '../../src/ir/index.js';
import { Builder, replay } from '../../src/ops/index.js';

/** y = exp(x) + 1, z = relu(y), in a layer. */
function sample(): Graph {
  const b = new Builder();
  const x = b.input('x', 'float32', [2]);
  const y = b.within('head', () => b.add(b.exp(x), 1));
  const z = b.within('head', () => b.relu(y));
  return b.finish('sample', [
    { name: 'y', value: y },
    { name: 'z', value: z },
  ]);
}

describe('replay', () => {
  it('hands on the very nodes that no rewrite reaches', () => {
    const graph = sample();
    const same = replay(graph, () => undefined);
    expect(same.nodes.map((node, i) => node === graph.nodes[i])).toEqual([true, true, true]);
    expect(print(same)).toBe(print(graph));
  });

  it('makes those anew that see what a rewrite gave, by the same names', () => {
    const graph = sample();
    const changed = replay(graph, (b, { op }, [x]) => (op.name === 'Exp' && x ? [b.log(x)] : undefined));
    expect(changed.nodes.map(({ op, name }) => `${op.name} ${name}`)).toEqual([
      'Log head.log',
      'Add head.add',
      'Relu head.relu',
    ]);
    expect(changed.nodes.some((node) => graph.nodes.includes(node))).toBe(false);
  });

  it('gives another name to a node whose own a rewrite has taken', () => {
    const graph = sample();
    const doubled = replay(graph, (b, { op }, [x]) =>
      op.name === 'Exp' && x ? [b.exp(b.relu(x))] : undefined,
    );
    expect(doubled.nodes.map(({ name }) => name)).toEqual([
      'head.relu',
      'head.exp',
      'head.add',
      'head.relu_2',
    ]);
    // `z` sees nothing new but a name that is taken.
    const beside = replay(graph, (b, { op }, [x]) => {
      if (op.name === 'Add' && x) b.relu(x);
      return undefined;
    });
    expect(beside.nodes.map(({ name }) => name)).toEqual([
      'head.exp',
      'head.relu',
      'head.add',
      'head.relu_2',
    ]);
  });

  it('leaves a lowered graph as it is when it is lowered again', () => {
    const once = lowerPortable(sample());
    expect(lowerPortable(once).nodes).toEqual(once.nodes);
  });
});

describe('verify after replay', () => {
  it('still infers what nobody has inferred', () => {
    const graph = sample();
    const nodes = graph.nodes.map((node) =>
      node.op.name === 'Relu'
        ? { ...node, outputs: node.outputs.map((output) => ({ ...output, shape: [3] })) }
        : node,
    );
    const wrong = { ...graph, nodes, outputs: graph.outputs.slice(0, 1) };
    expect(() => verify(wrong)).toThrow(GraphError);
    expect(() => verify(wrong)).toThrow(/expected 'head.relu' to be float32\[2\]/);
  });
});
