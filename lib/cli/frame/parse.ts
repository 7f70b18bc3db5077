/**
 * Reads the command line. Commander does what every program has to do: nouns and verbs, `--option=value`, what is missing or too much,
 * what was probably meant, and help that is wrapped to the terminal.
 */
import { Argument, Command as Commander, CommanderError, Option } from 'commander';
import { takesValue, type Command, type Raw } from './command.ts';
import { EXIT, EXIT_MEANINGS, type Exit } from './exit.ts';

/** All that can be asked for. */
export interface Book {
  readonly program: string;
  readonly version: string;
  readonly about: string;
  /** What the whole help ends with. */
  readonly end: string;
  readonly commands: readonly Command[];
  /** What verbs have in common: `box` -> `the messages that wait for one address`. */
  readonly nouns: Readonly<Record<string, string>>;
}

export type Asked =
  | { readonly kind: 'command'; readonly command: Command; readonly raw: Raw; readonly json: boolean }
  /** There is something to say and nothing to do. */
  | { readonly kind: 'said'; readonly out: string; readonly err: string; readonly code: Exit };

export function parseLine(args: readonly string[], book: Book): Asked {
  let [out, err] = ['', ''];
  let found: Asked | undefined;
  const top = new Commander(book.program)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (out += text),
      writeErr: (text) => (err += text),
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({ commandUsage: usageOf, subcommandTerm: termOf })
    .description(book.about)
    .version(book.version, '-V, --version', 'the version')
    .helpOption('-h, --help', 'this help')
    .helpCommand('help [command]', 'what a command does, takes and answers')
    .addHelpText('after', `\n${book.end}`);
  const nouns = new Map<string, Commander>();
  for (const command of book.commands) {
    const [first = '', verb] = command.name.split(' ');
    const parent = verb === undefined ? top : (nouns.get(first) ?? nounOf(top, first, book));
    if (verb !== undefined) nouns.set(first, parent);
    added(parent, verb ?? first, command, (raw, json) => (found = { kind: 'command', command, raw, json }));
  }
  try {
    // Commander's own `help user add` goes no deeper than `user`.
    top.parse(args[0] === 'help' ? [...args.slice(1), '--help'] : [...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'said', out, err, code: EXIT.done };
    // Asked for a noun alone: its help says what there is.
    if (error.code === 'commander.help') return { kind: 'said', out: '', err, code: EXIT.failed };
    const what = error.message.replace(/^error: /, '').trimEnd();
    const [sentence = '', hint] = what.split('\n');
    return {
      kind: 'said',
      out: '',
      err: `${book.program}: ${sentence.replace(/\.$/, '')}.${hint === undefined ? '' : ` ${hint.replace(/^\((.*)\)$/, '$1')}`}\n${helpHint(args, book)}\n`,
      code: EXIT.failed,
    };
  }
  return found ?? { kind: 'said', out, err, code: EXIT.failed };
}

function nounOf(top: Commander, noun: string, { nouns, commands }: Book): Commander {
  const verbs = commands.flatMap(({ name }) =>
    name.startsWith(`${noun} `) ? [name.slice(noun.length + 1)] : [],
  );
  return top
    .command(noun)
    .summary(`${nouns[noun] ?? ''}: ${verbs.join(', ')}`)
    .description(sentenceOf(nouns[noun] ?? ''));
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function added(
  parent: Commander,
  word: string,
  { name, summary, about, args, options, examples, exits }: Command,
  onFound: (raw: Raw, json: boolean) => void,
): void {
  const made = parent
    .command(word)
    .summary(summary)
    .description([sentenceOf(summary), ...(about === undefined ? [] : [about])].join('\n\n'))
    .addHelpText('after', `\n${[...examplesOf(name, examples), ...exitsOf(exits)].join('\n')}`);
  for (const { shape, says, words } of args) {
    const argument = new Argument(shape, says);
    made.addArgument(words ? argument.choices(words) : argument);
  }
  for (const option of options) {
    const each = new Option(option.shape, saysOf(option));
    made.addOption(option.words ? each.choices(option.words) : each);
  }
  made.option('--json', 'the answer as JSON');
  made.action(() => {
    const values = made.opts<Record<string, unknown>>();
    const byName = Object.fromEntries(
      made.options.map((option) => [option.long?.slice(2) ?? '', values[option.attributeName()]]),
    );
    onFound({ args: made.args, options: byName }, byName['json'] === true);
  });
}

function saysOf(option: Command['options'][number]): string {
  return takesValue(option) && option.preset !== '' ? `${option.says} (${option.preset})` : option.says;
}

/** Arguments before options, as everybody writes them. */
function usageOf(command: Commander): string {
  const names: string[] = [];
  for (let each: Commander | null = command; each !== null; each = each.parent) names.unshift(each.name());
  return [
    ...names,
    ...(command.commands.length > 0 ? ['<command>'] : []),
    ...shapesOf(command),
    '[options]',
  ].join(' ');
}

function termOf(command: Commander): string {
  return [command.name(), ...(command.commands.length > 0 ? ['<command>'] : []), ...shapesOf(command)].join(
    ' ',
  );
}

function shapesOf(command: Commander): readonly string[] {
  return command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
}

function examplesOf(name: string, examples: Command['examples']): readonly string[] {
  if (examples.length === 0) return [];
  return ['Examples:', ...examples.flatMap(([line, does]) => [`  $ ${line}`, `      ${does}`]), ''];
}

function exitsOf(exits: Command['exits'] = {}): readonly string[] {
  const codes = ([EXIT.done, EXIT.failed, EXIT.no] as const).filter(
    (code) => code !== EXIT.no || exits[code] !== undefined,
  );
  return ['Exit codes:', ...codes.map((code) => `  ${code}  ${exits[code] ?? EXIT_MEANINGS[code]}`)];
}

/** Where to read on: at the command that was meant, as far as it can be told. */
function helpHint(args: readonly string[], { program, commands, nouns }: Book): string {
  const [first = '', second = ''] = args;
  const command = commands.find(({ name }) => name === `${first} ${second}` || name === first);
  if (!command) return `See ${first in nouns ? `${program} ${first}` : program} --help.`;
  const usage = [program, command.name, ...command.args.map(({ shape }) => shape), '[options]'].join(' ');
  return `Usage: ${usage}\nSee ${program} ${command.name} --help.`;
}
