// Lets node run the TypeScript of this repository without a build: node --import ./bench/lower/register.mjs file.ts
import { register } from 'node:module';

register('./loader.mjs', import.meta.url);
