/**
 * What a file may look like. What it may import stands in scripts/lint/rooms.js, what may stay unused in knip.json;
 * `npm run lint` runs all three.
 */
import js from '@eslint/js';
import perfectionist from 'eslint-plugin-perfectionist';
import tseslint from 'typescript-eslint';
import { LINES, LONGER, MORE_PARAMETERS, PARAMETERS, TEST_LINES } from './scripts/lint/limits.js';

const lines = (max) => ({ 'max-lines': ['error', { max }] });
const parameters = (max) => ({ '@typescript-eslint/max-params': ['error', { max }] });
const exceptions = (named, rules) =>
  Object.entries(named).map(([file, [max]]) => ({ files: [file], rules: rules(max) }));

/** First what Node has, then packages, then our own: each import in its group. */
const importOrder = {
  'perfectionist/sort-imports': [
    'error',
    {
      type: 'unsorted',
      newlinesBetween: 'ignore',
      internalPattern: [],
      groups: [
        ['builtin', 'type-builtin'],
        ['external', 'type-external'],
        ['parent', 'type-parent', 'sibling', 'type-sibling', 'index', 'type-index'],
      ],
    },
  ],
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.tmp/'] },
  js.configs.recommended,
  { plugins: { perfectionist }, rules: importOrder },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        clearTimeout: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
        AbortSignal: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['app.ts', 'lib/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    rules: { ...lines(LINES), ...parameters(PARAMETERS) },
  },
  {
    files: ['test/**/*.ts'],
    rules: { ...lines(TEST_LINES), '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  // Written as users write: with drachtio-srf's own types, in which `next` is a Function.
  {
    files: ['test/types/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-call': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  ...exceptions(LONGER, lines),
  ...exceptions(MORE_PARAMETERS, parameters),
);
