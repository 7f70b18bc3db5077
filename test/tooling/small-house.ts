import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { smallProject, type SmallProject } from './small-project.ts';

const root = join(import.meta.dirname, '../..');
const NAMED = ['@eslint/js', 'eslint', 'eslint-plugin-perfectionist', 'typescript-eslint', 'vitest'];
const USED = ['dependency-cruiser', 'knip', 'mysql2', 'prettier'];

/** A small project with our rules, a file in each of four rooms, one unit test, and nothing to complain of. */
export function smallHouse(): SmallProject {
  const house = smallProject({ built: true, packages: [...NAMED, ...USED] });
  for (const file of ['eslint.config.js', 'knip.json', '.prettierrc.json', '.prettierignore'])
    cpSync(join(root, file), join(house.path, file));
  const devDependencies = Object.fromEntries(NAMED.map((name) => [name, '*']));
  house.write('package.json', `${JSON.stringify({ type: 'module', devDependencies }, null, 2)}\n`);
  house.write(
    'vitest.config.js',
    `import { defineConfig } from 'vitest/config';

const unit = { test: { name: 'unit', include: ['test/*.test.ts'] } };
export default defineConfig({ test: { projects: [unit] } });
`,
  );
  house.write('app.ts', `import './lib/app/application.ts';\n`);
  house.write('lib/app/application.ts', `import '../silo/silo.ts';\n`);
  house.write('lib/silo/silo.ts', `import { pause } from './pace/pause.ts';\n\nconsole.log(pause);\n`);
  house.write('lib/silo/pace/pause.ts', `export const pause = 1;\n`);
  house.write(
    'test/pause.test.ts',
    `import { expect, test } from 'vitest';
import { pause } from '../lib/silo/pace/pause.ts';

test('a pause is short', () => {
  expect(pause).toBe(1);
});
`,
  );
  return house;
}
