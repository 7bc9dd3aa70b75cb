/** What a field carries: a number, or bytes of a string, of a message or of raw data. */
export type Field =
  | { readonly id: number; readonly value: bigint; readonly bytes?: undefined }
  | { readonly id: number; readonly bytes: Uint8Array; readonly value?: undefined };

/**
 * The fields of a protobuf message, one after the other, nothing decoded that is not asked for. Throws RangeError where
 * the bytes end too early or are no message.
 *
 * This is not protobufjs's reader because that would double what a page that only classifies has to load (8 kB gzipped).
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const cursor = new Cursor(message);
  while (cursor.left > 0) {
    const key = cursor.varint();
    const [id, kind] = [Number(key >> 3n), Number(key & 7n)];
    if (id === 0) throw new RangeError('a field has number 0');
    if (kind === 0) yield { id, value: cursor.varint() };
    else if (kind === 2) yield { id, bytes: cursor.bytes(Number(cursor.varint())) };
    else if (kind === 1 || kind === 5) cursor.bytes(kind === 1 ? 8 : 4);
    else throw new RangeError(`field ${id} has the unknown wire type ${kind}`);
  }
}

class Cursor {
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get left(): number {
    return this.#data.length - this.#at;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = this.bytes(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError('a number is longer than 10 bytes');
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw new RangeError(`${length} bytes announced, ${this.left} there`);
    this.#at += length;
    return this.#data.subarray(this.#at - length, this.#at);
  }
}
