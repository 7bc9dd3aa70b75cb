import { Emitter } from './emitter.js';
import { ops } from './registry.js';

/**
 * Builds graphs from the operators of `ops/`.
 *
 * @example
 * const b = new Builder();
 * const x = b.input('x', 'float32', ['N', 4]);
 * const y = b.relu(b.add(x, 1));
 * const graph = b.finish('shifted', [{ name: 'y', value: y }]);
 */
export class Builder extends Emitter {
  protected readonly ops = ops;
}
