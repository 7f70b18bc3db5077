/** .github/workflows: the check that others run is the one of .ci/run, on every Node that package.json promises. */
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the workflow calls .ci/run, on the oldest Node that is promised and the ones after it, and may write nothing', () => {
  expect(readdirSync('.github/workflows')).toEqual(['check.yaml']);
  const text = readFileSync('.github/workflows/check.yaml', 'utf8');
  expect(text).toContain('\n      - run: .ci/run\n');
  accessSync('.ci/run', constants.X_OK);
  expect(text).toContain('permissions:\n  contents: read\n');
  const versions = /node: \[(.*)\]/.exec(text)?.[1]?.split(', ').map(Number) ?? [];
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  expect(versions).toEqual([20, 22, 24]);
  expect(engines.node).toBe(`>=${versions[0]}.19`);
});
