import js from '@eslint/js';
import globals from 'globals';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { noImportCycle } from './eslint-rules/no-import-cycle.js';

/** Packages from the bottom up; a package imports only packages that stand before it. */
const layers = [
  '@heddle/common',
  '@heddle/hadoop-conf',
  '@heddle/hadoop-rpc',
  '@heddle/webhdfs',
  'heddle',
  '@heddle/scheduler',
  '@heddle/executor',
  '@heddle/am',
  '@heddle/client',
];
const folders = [
  'common',
  'hadoop-conf',
  'hadoop-rpc',
  'webhdfs',
  'core',
  'scheduler',
  'executor',
  'am',
  'client',
];

const borders = folders.map((folder, level) => ({
  files: [`${folder}/src/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: layers.slice(level).map((name) => ({
          name,
          message: `${folder} may only import packages below it.`,
        })),
        patterns: [
          {
            group: ['@heddle/*/src/*', '@heddle/*/dist/*', 'heddle/dist/*', 'heddle/src/*'],
            message: 'Import from the package, not from its files.',
          },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      'benchmarks/work/**',
      'integration-tests/cluster/work/**',
      'hadoop-rpc/generated/**',
      // Generated from examples, which are written to be read.
      'integration-tests/src/programs/documented-lines.ts',
      // Programs as users write them, on purpose in every style: input of the bundler's tests.
      'client/test/bundler/corpus/**',
      'client/test/bundler/packages/**',
      'client/test/bundler/type-errors/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { heddle: { rules: { 'no-import-cycle': noImportCycle } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      'heddle/no-import-cycle': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only main files read the environment.' },
      ],
    },
  },
  ...borders,
  {
    files: [
      '**/test/**/*.ts',
      'integration-tests/**/*.ts',
      'examples/**/*.ts',
      'benchmarks/programs/*.ts',
    ],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-sparse-arrays': 'off',
      'no-console': 'off',
      'no-restricted-properties': 'off',
      'max-lines': 'off',
    },
  },
  {
    // The main files, which read the environment for everyone else.
    files: ['**/src/**/main.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: { globals: globals.node },
  },
  prettier,
);
