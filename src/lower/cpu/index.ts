export * from './lower-cpu.js';
export * from './probe.js';
export * from './tunable.js';
