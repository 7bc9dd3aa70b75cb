export * from './lower-cpu.js';
export * from './probe.js';
export { layoutCpu } from './segments.js';
export * from './tunable.js';
