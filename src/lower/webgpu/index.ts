export * from './lower-webgpu.js';
