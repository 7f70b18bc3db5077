/** Each page answers one question, and the README leads to each by that question. */
import { describe, expect, test } from 'vitest';
import { pages } from './pages.ts';

const [readme, ...rest] = pages();

/** Headings of the first level: in a fenced block a `#` begins a comment. */
const titles = (text: string): readonly string[] =>
  [...text.replace(/^```[^]*?^```$/gm, '').matchAll(/^# (.*)$/gm)].map(([, title = '']) => title);

const listed = [
  ...(readme?.text.split('\n## Questions\n')[1] ?? '').matchAll(/^- \[(.*)\]\((docs\/.*)\)$/gm),
].map(([, question = '', path = '']) => ({ question, path }));

describe.each(rest)('$path', ({ path, text }) => {
  test('has one question, with which it begins', () => {
    expect(titles(text)).toEqual([text.split('\n', 1)[0]?.replace('# ', '')]);
    expect(titles(text)[0]).toMatch(/^[^?]+\?$/);
  });

  test('has its fenced blocks where tests see them, at the beginning of a line', () => {
    expect(text).not.toMatch(/^[ >]+```/m);
  });

  test('stands in the list of the README once, by its question', () => {
    expect(listed.filter((entry) => entry.path === path)).toEqual([{ question: titles(text)[0], path }]);
  });
});

test('no two pages have the same question, and the list has nothing but pages', () => {
  expect(new Set(listed.map(({ question }) => question)).size).toBe(rest.length);
  expect(listed).toHaveLength(rest.length);
});
