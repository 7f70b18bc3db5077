import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Import directions (one way: app.ts -> features -> stores, sip), see docs/architecture.md. */
const room = (files, groups) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', { patterns: groups.map(([group, message]) => ({ group, message })) }],
  },
});
const drachtio = [
  ['drachtio-srf', 'drachtio-srf/*'],
  'Only lib/sip/ knows drachtio-srf: go through its port.',
];
const sql = [['mysql2', 'mysql2/*', '@photostructure/sqlite'], 'Only lib/stores/ knows SQL.'];
const embedded = [
  ['**/embedded/**', '**/app/*'],
  'Only lib/app/, app.ts and the tests may use the embedded front end and the application.',
];
const features = [
  ['**/silo/**', '**/mwi/**', '**/registrar/**', '**/admin/**', '**/import/**', '**/cli/**'],
  'sip/ and stores/ import no feature.',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.tmp/'] },
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
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
  room(
    ['lib/options/**'],
    [
      drachtio,
      sql,
      embedded,
      features,
      [
        ['**/sip/**', '**/stores/**', '**/node/**', '**/config/**'],
        'options/ stands below all rooms but base/.',
      ],
    ],
  ),
  room(['lib/sip/**'], [sql, embedded, features]),
  room(['lib/stores/**'], [drachtio, embedded, features]),
  room(
    ['lib/silo/**'],
    [
      drachtio,
      sql,
      embedded,
      [['**/mwi/**', '**/registrar/**', '**/import/**', '**/cli/**'], 'silo/ knows no other feature.'],
    ],
  ),
  room(
    ['lib/mwi/**'],
    [
      drachtio,
      sql,
      embedded,
      [['**/silo/**', '**/registrar/**', '**/import/**', '**/cli/**'], 'mwi/ knows no other feature.'],
    ],
  ),
  room(
    ['lib/registrar/**'],
    [
      drachtio,
      sql,
      embedded,
      [['**/mwi/**', '**/import/**', '**/cli/**'], 'registrar/ does not know mwi/, import/ and cli/.'],
    ],
  ),
  room(['lib/app/**'], [drachtio, sql]),
  room(
    ['lib/import/**'],
    [
      drachtio,
      sql,
      embedded,
      [['**/mwi/**', '**/registrar/**', '**/cli/**'], "import/ knows the silo's checks and the stores."],
    ],
  ),
  room(
    ['lib/cli/**'],
    [drachtio, sql, embedded, [['**/silo/**', '**/mwi/**', '**/registrar/**'], 'cli/ runs commands only.']],
  ),
  room(
    ['lib/embedded/**'],
    [
      drachtio,
      sql,
      features,
      [
        ['**/sip/**', '**/stores/**'],
        'embedded/ stands alone: it judges the rest, so it shares no code with it.',
      ],
    ],
  ),
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
