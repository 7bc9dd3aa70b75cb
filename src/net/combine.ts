import { ShapeError } from '../errors.js';
import { formatType, sameShape } from '../ir/index.js';
import type { Net } from './net.js';

/**
 * One after the other.
 *
 * @example
 * chain(conv(32, 3, { padding: 1 }), relu(), maxPool(2));
 */
export function chain(...nets: readonly Net[]): Net {
  const head = nets.at(-1)?.withOutputs;
  return {
    kind: 'chain',
    label: 'chain',
    children: nets,
    build: (c, x) => nets.reduce((value, net) => net.build(c, value), x),
    ...(head === undefined ? {} : { withOutputs: (count) => chain(...nets.slice(0, -1), head(count)) }),
  };
}

/**
 * The sum of several paths from the same input: the residual connection. All results have one shape; `defineNetwork`
 * throws a ShapeError where they have not.
 *
 * @example
 * add(chain(conv(64, 3, { padding: 1 }), relu(), conv(64, 3, { padding: 1 })), identity());
 */
export function add(...paths: readonly Net[]): Net {
  return {
    kind: 'add',
    label: 'add',
    children: paths,
    build(c, x) {
      const [first, ...rest] = paths.map((path) => path.build(c, x));
      if (first === undefined) throw new ShapeError('add: expected at least one path, got none');
      return c.layer('add', undefined, () =>
        rest.reduce((sum, value) => {
          if (!sameShape(sum.shape, value.shape)) {
            throw new ShapeError(
              `add: the paths end in ${formatType(sum)} and ${formatType(value)}; a projection shortcut makes them equal`,
            );
          }
          return c.b.add(sum, value);
        }, first),
      );
    },
  };
}

/**
 * Puts a net into a layer of its own, whose name comes before the names of its parameters.
 *
 * @example
 * named('resblock1', block(32)); // parameters resblock1.conv1.weight, ...
 */
export function named(name: string, net: Net): Net {
  const { withOutputs } = net;
  return {
    kind: 'named',
    label: name,
    children: [net],
    build: (c, x) => c.layer('named', name, () => net.build(c, x)),
    ...(withOutputs === undefined ? {} : { withOutputs: (count) => named(name, withOutputs(count)) }),
  };
}
