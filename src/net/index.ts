export * from './combine.js';
export * from './init.js';
export * from './layers.js';
export * from './net.js';
export * from './network.js';
