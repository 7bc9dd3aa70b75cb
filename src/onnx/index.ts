export * from './decode.js';
export * from './encode.js';
export * from './unreturned.js';
export * from './read.js';
export { readInterface } from './read-interface.js';
export { portsOf, type Ports } from './value-info.js';
export { OPSET } from './format.js';
