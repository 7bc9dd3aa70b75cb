export * from './lower-wasm.js';
