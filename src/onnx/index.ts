export * from './decode.js';
export * from './encode.js';
export * from './unreturned.js';
export * from './read.js';
export { readInterface, type ModelInterface } from './read-interface.js';
export type { FileAttr } from './attributes.js';
export { portsOf, type Port, type Ports } from './value-info.js';
export { IR_VERSION, OPSET } from './format.js';
