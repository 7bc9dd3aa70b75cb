import { proto } from './proto.js';

/** Name of the output that `withUnreturnedOutput` adds. */
export const UNRETURNED = 'ort_train.unreturned';

const FLOAT = 1;

/** A model of one output, an empty sequence, and nothing else. */
const prefix = proto.ModelProto.encode({
  graph: {
    // Without a name, which a node of the model might have.
    node: [{ opType: 'SequenceEmpty', output: [UNRETURNED] }],
    output: [{ name: UNRETURNED, type: { sequenceType: { elemType: { tensorType: { elemType: FLOAT } } } } }],
  },
}).finish();

/**
 * The model with an empty sequence as its first output. It needs no decoding: two protobuf messages one after the other
 * are one message with the repeated fields of both.
 */
export function withUnreturnedOutput(model: Uint8Array): Uint8Array {
  const joined = new Uint8Array(prefix.length + model.length);
  joined.set(prefix);
  joined.set(model, prefix.length);
  return joined;
}
