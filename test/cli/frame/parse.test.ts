/** What the command line is taken for, and what help says. */
import { describe, expect, test } from 'vitest';
import { book } from '../../../lib/cli/commands.ts';
import { parseLine } from '../../../lib/cli/frame/parse.ts';

const parse = (line: string) => parseLine(line.split(' '), book());
const said = (line: string) => {
  const asked = parse(line);
  if (asked.kind !== 'said') throw new Error(`${line} is the command ${asked.command.name}`);
  return asked;
};

describe('the command line', () => {
  test('is a noun and a verb with arguments and options in any order', () => {
    expect(parse('import --batch=7 sqlite:./k.db --dry-run --json')).toMatchObject({
      kind: 'command',
      command: { name: 'import' },
      raw: { args: ['sqlite:./k.db'], options: { batch: '7', 'dry-run': true } },
      json: true,
    });
  });

  test.each([
    ['impor x', "unknown command 'impor'. Did you mean import?", 'See drachtio-silo --help.'],
    ['user lst', "unknown command 'lst'. Did you mean list?", 'See drachtio-silo user --help.'],
    [
      'user list --jsn',
      "unknown option '--jsn'. Did you mean --json?",
      'See drachtio-silo user list --help.',
    ],
    ['user add', "missing required argument 'user@domain'.", 'See drachtio-silo user add --help.'],
    ['user add a@b secret', 'too many arguments', 'See drachtio-silo user add --help.'],
    ['import x --batch', "option '--batch <rows>' argument missing.", 'See drachtio-silo import --help.'],
  ])('%s is refused with what was meant and where to read on', (line, why, where) => {
    const { out, err, code } = said(line);
    expect(err).toContain(`drachtio-silo: ${why}`);
    expect(err.trimEnd().split('\n').at(-1)).toBe(where);
    expect([out, code]).toEqual(['', 1]);
  });

  test('a noun alone says which verbs there are, as an error', () => {
    const { out, err, code } = said('user');
    expect(err).toContain('passwd <user@domain>');
    expect([out, code]).toEqual(['', 1]);
  });
});

describe('help', () => {
  test.each(book().commands.map(({ name }) => [name]))(
    'of %s says what it does, takes and answers, in lines of a terminal',
    (name) => {
      const { out, err, code } = said(`${name} --help`);
      expect([err, code]).toEqual(['', 0]);
      const found = book().commands.find((command) => command.name === name)!;
      for (const { shape } of [...found.args, ...found.options])
        expect(out).toContain(shape.replace(/^[<[]|[>\]]$/g, ''));
      expect(out).toMatch(/^Examples:\n {2}\$ /m);
      expect(out).toMatch(/^Exit codes:\n {2}0 {2}/m);
      expect(said(`help ${name}`).out).toBe(out);
    },
  );

  test('of the whole names every command, and the exit codes', () => {
    const { out } = said('--help');
    for (const { name } of book().commands) expect(out).toContain(name.split(' ').at(-1));
    for (const noun of Object.keys(book().nouns)) expect(out).toContain(noun);
    expect(out).toContain('  2  it was done, and the answer is no');
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  test('examples are command lines that are understood', () => {
    for (const { name, examples } of book().commands)
      for (const [line] of examples) {
        // Without variables in front, and what the shell does with input and output.
        const words = line
          .replace(/^(\S+=\S+ )*/, '')
          .replace(/ [<>|].*$/, '')
          .match(/'[^']*'|"[^"]*"|\S+/g)!;
        expect(words.shift(), line).toBe('drachtio-silo');
        const asked = parseLine(
          words.map((word) => word.replace(/^(['"])(.*)\1$/, '$2')),
          book(),
        );
        expect(asked, line).toMatchObject({ kind: 'command', command: { name } });
      }
  });

  test('has the version of the package', () => {
    expect(said('--version').out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
