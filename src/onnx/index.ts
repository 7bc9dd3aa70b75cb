export * from './decode.js';
export * from './encode.js';
export { IR_VERSION, OPSET } from './proto.js';
