/** docs/commands.md is made from the commands themselves. */
import { expect, test } from 'vitest';
import { book } from '../../lib/cli/commands.ts';
import { takesValue, type Command } from '../../lib/cli/frame/command.ts';
import { EXIT_MEANINGS } from '../../lib/cli/frame/exit.ts';
import { marked, pages } from './pages.ts';

/** A pipe would end the cell, and a bracket would be HTML. */
const cell = (text: string) => text.replaceAll('|', '\\|');
const code = (text: string) => `\`${cell(text)}\``;

function section({ name, summary, about, args, options, examples, exits }: Command): string {
  const usage = ['drachtio-silo', name, ...args.map(({ shape }) => shape)].join(' ');
  const takes = [
    ...args.map(({ shape, says }) => `| ${code(shape)} | ${cell(says)} |\n`),
    ...options.map(
      (option) =>
        `| ${code(option.shape)} | ${cell(option.says)}${takesValue(option) && option.preset !== '' ? ` (${code(option.preset)})` : ''}${option.words ? `: ${option.words.map(code).join(', ')}` : ''} |\n`,
    ),
  ];
  const codes = Object.entries(exits ?? {}).map(([number, meaning]) => `${number}: ${meaning}`);
  return [
    `### ${name}\n\n`,
    `${code(usage)}: ${summary}.${about === undefined ? '' : ` ${about}`}\n\n`,
    ...(takes.length === 0 ? [] : ['| takes | |\n| --- | --- |\n', ...takes, '\n']),
    ...examples.map(([line, does]) => `- ${code(line)}: ${does}\n`),
    ...(codes.length === 0 ? [] : [`- exit codes: ${codes.join('; ')}\n`]),
    '\n',
  ].join('');
}

test('docs/commands.md says of each command what its help says', () => {
  const text = `\n${book().commands.map(section).join('')}`;
  expect(marked('docs/commands.md', 'commands', text)).toBe(text);
});

test('docs/commands.md has the exit codes', () => {
  const rows = Object.entries(EXIT_MEANINGS).map(([number, meaning]) => `| ${number} | ${meaning} |\n`);
  const text = `\n| code | means |\n| --- | --- |\n${rows.join('')}\n`;
  expect(marked('docs/commands.md', 'exits', text)).toBe(text);
});

test('every command that a page names exists', () => {
  const names = book().commands.map(({ name }) => name);
  for (const { path, text } of pages())
    for (const [line, noun = '', verb = ''] of text.matchAll(
      /`(?:npx )?drachtio-silo ([a-z]+)(?: ([a-z]+))?[^`]*`/g,
    ))
      expect(
        names.some(
          (name) =>
            name === noun || name === `${noun} ${verb}` || (verb === '' && name.startsWith(`${noun} `)),
        ),
        `${line} in ${path}`,
      ).toBe(true);
});
