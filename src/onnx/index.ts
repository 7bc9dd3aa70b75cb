export * from './decode.js';
export * from './encode.js';
export * from './read.js';
export type { FileAttr } from './attributes.js';
export type { Port } from './value-info.js';
export { IR_VERSION, OPSET } from './proto.js';
