import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';

/**
 * The room table: what each folder of `src/` may import besides itself, `src/errors.ts`, `src/checks.ts`, `src/schema.ts`,
 * `src/mix.ts`, `src/suggest.ts` and
 * (in files that run in Node only) `src/files-node.ts`.
 * Above the wall (artifacts) there is only mathematics, below it only bytes and names.
 */
const rooms = {
  ir: [],
  ops: ['ir'],
  net: ['ir', 'ops'],
  models: ['ir', 'ops', 'net'],
  autodiff: ['ir', 'ops'],
  optim: ['ir', 'ops'],
  onnx: ['ir', 'ops'],
  lower: ['ir', 'ops'],
  program: ['ir', 'ops', 'net', 'models', 'autodiff', 'optim', 'lower', 'onnx'],
  weights: ['ir', 'ops', 'net', 'optim', 'onnx'],
  artifacts: ['program', 'weights', 'ir', 'net', 'models', 'optim', 'lower', 'onnx'],
  session: ['program'],
  data: [],
  train: ['session', 'data', 'program', 'weights', 'artifacts', 'net', 'models', 'optim'],
  export: ['artifacts', 'weights', 'program', 'onnx', 'ir', 'session', 'data'],
  storage: [],
  worker: ['session', 'train', 'data', 'export', 'artifacts', 'weights', 'program', 'storage'],
  experiments: ['train', 'program', 'weights', 'data', 'session'],
  cli: ['train/spec'],
};

/** What the folders of `src/lower/` may import of each other besides `target.ts`: no target imports another. */
const lowerRooms = {
  layout: [],
  rewrite: ['layout'],
  ...Object.fromEntries(['cpu', 'wasm', 'webgpu'].map((target) => [target, ['layout', 'rewrite']])),
};

/** What runs in Node alone, in a browser alone; every other file of `src/` runs in both. */
const nodeFiles = ['src/**/node.ts', 'src/**/*-node.ts', 'src/cli/**', 'src/index.ts'];
const webFiles = ['src/**/web.ts', 'src/**/*-web.ts'];

const nodeGlobals = ['Buffer', 'process', '__dirname'];
const webGlobals = [
  'window',
  'self',
  'document',
  'navigator',
  'indexedDB',
  'localStorage',
  'Worker',
  'Image',
];

const noNode = [
  {
    group: ['node:*', 'sharp', 'csv-parse/*', 'env-paths', 'write-file-atomic', 'yargs', 'cli-progress'],
    message: 'Only in node.ts and *-node.ts.',
  },
  {
    group: ['**/node.js', '**/*-node.js'],
    message: 'What runs in Node only is imported by node.ts and *-node.ts alone.',
  },
];
const noWeb = [
  {
    group: ['**/web.js', '**/*-web.js'],
    message: 'What runs in a browser only is imported by web.ts and *-web.ts alone.',
  },
];

const zones = Object.entries(rooms).map(([room, allowed]) => ({
  target: `./src/${room}`,
  from: './src',
  except: [
    `./${room}`,
    './checks.ts',
    './errors.ts',
    './error-transfer.ts',
    './files-node.ts',
    './mix.ts',
    './version.ts',
    './schema.ts',
    './suggest.ts',
    ...allowed.map((other) => `./${other}`),
    ...(room === 'cli' ? ['./index.ts'] : []),
  ],
  message: `src/${room} may import only: ${[room, 'errors', 'files-node', ...allowed].join(', ')} (see the room table in eslint.config.js).`,
}));
zones.push({ target: './src', from: './bench', message: 'What measures is no part of the library.' });

const lowerZones = Object.entries(lowerRooms).map(([room, allowed]) => ({
  target: `./src/lower/${room}`,
  from: './src/lower',
  except: ['./target.ts', ...[room, ...allowed].map((other) => `./${other}`)],
  message: `src/lower/${room} may import only: ${['target', room, ...allowed].join(', ')} (see the room table in eslint.config.js).`,
}));

export default tseslint.config(
  {
    ignores: ['**/dist/', '.scratch/', 'test-output/', 'coverage/', 'node_modules/', 'runs/', '/artifacts/'],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'max-lines': ['error', 400],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [...zones, ...lowerZones] },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/session/node.ts', 'src/session/web.ts', 'src/session/gpu-tensor-web.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['onnxruntime-*'], message: 'Only src/session/node.ts and src/session/web.ts.' },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportExpression[source.value=/^onnxruntime-/]',
          message: 'Only src/session/node.ts and src/session/web.ts.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: [...nodeFiles, ...webFiles],
    rules: {
      'no-restricted-globals': ['error', ...nodeGlobals, ...webGlobals],
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [...noNode, ...noWeb] }],
    },
  },
  {
    files: webFiles,
    rules: {
      'no-restricted-globals': ['error', ...nodeGlobals],
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: noNode }],
    },
  },
  {
    files: nodeFiles,
    rules: {
      'no-restricted-globals': ['error', ...webGlobals],
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: noWeb }],
    },
  },
  {
    files: ['**/*.mjs', '*.config.js'],
    languageOptions: {
      globals: { console: 'readonly', performance: 'readonly', process: 'readonly', URL: 'readonly' },
    },
  },
  {
    files: ['bench/*/page/**/*.mjs', 'bench/browser/driver/*.mjs', 'bench/parity/run.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          ...['WebAssembly', 'Worker', 'TextDecoder', 'crossOriginIsolated', 'document', 'fetch'],
          ...['navigator', 'requestAnimationFrame', 'self', 'window', '__VERSIONS__'],
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
