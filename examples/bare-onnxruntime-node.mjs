// Classifies with an exported model and nothing of ort-train: node examples/bare-onnxruntime-node.mjs model.onnx pixels.bin
// pixels.bin holds the float32 input of one or more images (for mnist-cnn: pixels / 255, white on black). Prints the logits.
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';

// Else it reports to its maker, from the first session on.
process.env.ORT_DISABLE_TELEMETRY ??= '1';
const session = await ort.InferenceSession.create(process.argv[2]);
const [, ...sizes] = session.inputMetadata[0].shape; // channels, height, width; the batch is open
const pixels = new Float32Array(new Uint8Array(readFileSync(process.argv[3])).buffer);
const input = new ort.Tensor('float32', pixels, [pixels.length / sizes.reduce((a, b) => a * b), ...sizes]);
console.log(JSON.stringify(Array.from((await session.run({ input })).logits.data)));
