export * from './check.js';
export * from './lower-cpu.js';
export * from './probe.js';
