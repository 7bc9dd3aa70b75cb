import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { undocumented } from '../../scripts/undocumented.mjs';
import { temporaryFolder } from '../train/tiny.js';

// Declarations of a room, all of which the entry point exports.
const room = `
  export declare const bare: number;
  /** Half of it. */
  export declare function half(x: number): number;
  /** Twice it. @example twice(1) */
  export declare function twice(x: number): number;
  /** A mistake. */
  export declare class Mistake extends Error {}
  interface Size {}
  /** Where it lies. */
  interface Place {}
  /** A thing. */
  export interface Thing {
    readonly seed: number;
    readonly place?: Place;
    readonly size: Size;
    readonly pixels: Uint8Array;
    /** Kilograms. */
    readonly weight: number;
  }
  /** A resource. */
  export declare class Resource {
    private readonly handle;
    close(): void;
  }
  export {};
`;

const folder = temporaryFolder();
writeFileSync(join(folder, 'room.d.ts'), room);
writeFileSync(join(folder, 'entry.d.ts'), "export * from './room.js';\n");
const missing = undocumented(join(folder, 'entry.d.ts')).toSorted();

test('a public name needs a doc comment; a function or a class that is no error, an example; a member, a comment, a type with one, or a name that says all', () => {
  expect(missing).toEqual([
    'Resource has no @example',
    'Resource.close has no doc comment',
    'Thing.pixels has no doc comment',
    'Thing.size has no doc comment',
    'bare has no doc comment',
    'half has no @example',
  ]);
});
