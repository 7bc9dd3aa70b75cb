import type { TensorData, Value } from '../../ir/index.js';
import type { Builder } from '../../ops/index.js';

/** How the values of the portable graph exist in the lowered graph; what is made on demand is made once. */
export class FormTable<Form extends object> {
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

  /** What is recorded of a value, to be added to; undefined where that is nothing. */
  protected known(value: Value): Form | undefined {
    return this.#forms.get(value);
  }

  /** The same of a value that must be lowered by now. */
  protected form(value: Value): Form {
    const form = this.#forms.get(value);
    if (form === undefined) throw new Error(`'${value.name}' is not lowered yet`);
    return form;
  }
}
