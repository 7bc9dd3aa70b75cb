// Writes dist/run.schema.json, the JSON Schema of run.json, from the built code; editors check and complete with it.
import { writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { runSchema } from '../dist/train/spec/run.js';

// What a JSON Schema cannot say (a finite number: JSON has no others) is left to the reader of the file.
const schema = toJsonSchema(runSchema, { errorMode: 'ignore' });
/** What the command line alone needs to know. */
const ours = ['flag', 'group', 'fallback', 'order', 'once', 'here', 'names'];
const plain = (key, value) => (ours.includes(key) && typeof value !== 'object' ? undefined : value);
writeFileSync(
  new URL('../dist/run.schema.json', import.meta.url),
  `${JSON.stringify({ title: 'A run of ort-train', ...schema }, plain, 2)}\n`,
);
