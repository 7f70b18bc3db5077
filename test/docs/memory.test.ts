/** docs/memory.md names every memory that fills, with its bound. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { memories } from '../../lib/base/memories.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { root } from './pages.ts';

const page = readFileSync(join(root, 'docs/memory.md'), 'utf8');
const table = new Map(
  [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \|/gm)].map(([, name = '', most]) => [name, Number(most)]),
);

/** `new BoundedMap<…>(MOST, 'name')`, wherever it breaks; without a name what is part of another memory, and what only a test phone has. */
const MADE =
  /new (?:Bounded(?:Map|Set)(?:<[^(]*>)?\(\s*[\w#.]+,?\s*(?:'([a-z-]+)')?,?\s*\)|ReadTexts\(\w+, '([a-z-]+)')/g;
/** The memory of a table that is followed. */
const FOLLOWED = /createTail\([^;]*'([a-z-]+)'\);/g;
const NAMELESS = ['lib/phone/transactions.ts', 'lib/silo/deliver/capabilities.ts'];

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

describe('docs/memory.md', () => {
  const made = sources().flatMap(({ path, text }) =>
    [...text.matchAll(MADE)].map(([, name, ofTexts]) => ({ path, name: name ?? ofTexts })),
  );

  test('has each memory that is made anywhere, and no other', () => {
    const names = made.flatMap(({ name }) => name ?? []);
    const followed = sources().flatMap(({ text }) => [...text.matchAll(FOLLOWED)].map(([, name]) => name));
    expect(followed).toHaveLength(2);
    expect([...table.keys()]).toEqual([...new Set([...names, ...followed])].sort());
  });

  test('leaves out only those that are part of another, or of the test phone', () => {
    expect(made.filter(({ name }) => name === undefined).map(({ path }) => path)).toEqual(NAMELESS);
    const all = sources().flatMap(({ text }) => text.match(/new (?:Bounded(?:Map|Set)|ReadTexts)\b/g) ?? []);
    expect(made).toHaveLength(all.length);
  });

  test('has the bounds that a running application has', async () => {
    scene = await aScene({});
    await scene.leave('bob', 'hello');
    const running = memories();
    expect(running.length).toBeGreaterThan(20);
    // Of several with one name, of two silos or of two lists, `most` is the sum.
    for (const { name, most } of running)
      expect(most % (table.get(name) ?? Infinity), `${name}: ${most}`).toBe(0);
  });
});

function sources(): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .map((path) => `lib/${path}`)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('bounded-map.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
