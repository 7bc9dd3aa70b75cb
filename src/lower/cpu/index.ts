export * from './check.js';
export * from './lower-cpu.js';
export * from './probe.js';
export type { TargetState } from './target-state.js';
export * from './tunable.js';
export type { ConvForm } from './conv-forms.js';
