import { assert } from '../../errors.js';
import type { TensorData, Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';
import { movedVector, type Moved } from './running.js';

/** How a value of the portable graph exists in the lowered graph, whatever the target. */
export interface PlainForm {
  /** As ONNX has it. */
  plain?: Value | undefined;
  /** A running statistic that is not moved yet. */
  moved?: Moved;
}

/** How the values of the portable graph exist in the lowered graph; what is made on demand is made once. */
export class FormTable<Form extends PlainForm> {
  readonly b: Builder;
  readonly #forms = new Map<Value, Form>();
  readonly #cache = new Map<string, Value>();

  constructor(b: Builder) {
    this.b = b;
  }

  /** Records a layout of a value, beside those that it has. */
  set(value: Value, form: Form): void {
    this.#forms.set(value, { ...this.#forms.get(value), ...form });
  }

  /** Makes a value once for each key. */
  once(key: string, make: () => Value): Value {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#cache.set(key, made);
    return made;
  }

  /** A constant, once for each key. */
  constant(key: string, make: () => TensorData, name: string): Value {
    return this.once(`constant ${key}`, () => this.b.constant(make(), name));
  }

  /** Whether the value is lowered, in whatever layout. */
  isKnown(value: Value): boolean {
    return this.#forms.has(value);
  }

  /** A running statistic that is not moved yet. */
  moved(value: Value): Moved | undefined {
    return this.known(value)?.moved;
  }

  /** What is recorded of a value, for its target to add to; undefined where nothing is. */
  protected known(value: Value): Form | undefined {
    return this.#forms.get(value);
  }

  /** A running statistic, `running` being the one that is moved. */
  protected movedBy({ moved }: Form, running: (value: Value) => Value): Value | undefined {
    return moved && movedVector(this.b, running(moved.running), moved);
  }

  /** The same of a value that must be lowered by now. */
  protected form(value: Value): Form {
    const form = this.#forms.get(value);
    assert(form, `'${value.name}' is not lowered yet`);
    return form;
  }
}
