/** Completion for shells, written out of the commands: a script that asks nothing and nobody when the key is pressed. */
import { longOf, takesValue, type Command } from './command.ts';
import type { Book } from './parse.ts';

type Word = readonly [word: string, says: string];

/** What may come at one place of the line. */
interface Place {
  /** The words before it that are commands: '', `box`, `box list`. */
  readonly at: string;
  readonly words: readonly Word[];
}

/** What may come behind an option that wants a value: one of some words, a file, or anything (nothing is offered). */
interface Value {
  readonly at: string;
  readonly option: string;
  readonly words: readonly string[] | 'files' | undefined;
}

export function bashCompletion(book: Book): string {
  const cases = placesOf(book).map(
    ({ at, words }) => `    ${quoted(at)}) words=${quoted(words.map(([word]) => word).join(' '))} ;;`,
  );
  const values = valuesOf(book).map(({ at, option, words }) => {
    const does =
      words === 'files'
        ? 'COMPREPLY=($(compgen -f -- "$cur"))'
        : `COMPREPLY=($(compgen -W ${quoted((words ?? []).join(' '))} -- "$cur"))`;
    return `    ${quoted(`${at}|${option}`)}) ${does}; return ;;`;
  });
  return `# Completion of ${book.program} for bash. In ~/.bashrc: eval "$(${book.program} completion bash)"
_drachtio_silo() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='' words='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${at:+$at }\${COMP_WORDS[index]}" in
      ${stepsOf(book).map(quoted).join('|')}) at="\${at:+$at }\${COMP_WORDS[index]}" ;;
    esac
  done
  COMPREPLY=()
  case "$at|$prev" in
${values.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _drachtio_silo ${book.program}
`;
}

export function zshCompletion(book: Book): string {
  const described = (words: readonly Word[]) =>
    words.map(([word, says]) => quoted(`${word.replaceAll(':', '\\:')}:${says}`)).join(' ');
  const cases = placesOf(book).map(({ at, words }) => `    ${quoted(at)}) list=(${described(words)}) ;;`);
  const values = valuesOf(book).map(({ at, option, words }) => {
    const does = words === 'files' ? '_files' : `compadd -- ${(words ?? []).map(quoted).join(' ')}`;
    return `    ${quoted(`${at}|${option}`)}) ${does}; return ;;`;
  });
  return `#compdef ${book.program}
# Completion of ${book.program} for zsh. In ~/.zshrc, behind compinit: eval "$(${book.program} completion zsh)"
_drachtio_silo() {
  local at='' index
  local -a list
  for ((index = 2; index < CURRENT; index++)); do
    case "\${at:+$at }\${words[index]}" in
      ${stepsOf(book).map(quoted).join('|')}) at="\${at:+$at }\${words[index]}" ;;
    esac
  done
  case "$at|\${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$at" in
${cases.join('\n')}
  esac
  _describe ${quoted(book.program)} list
}
compdef _drachtio_silo ${book.program}
`;
}

const HELP: Word = ['--help', 'what it does, takes and answers'];

function placesOf({ commands, nouns }: Book): readonly Place[] {
  const alone = commands.filter(({ name }) => !name.includes(' '));
  const first: readonly Word[] = [
    ...alone.map(({ name, summary }): Word => [name, summary]),
    ...Object.entries(nouns),
    ['help', 'what a command does, takes and answers'],
    HELP,
    ['--version', 'the version'],
  ];
  return [
    { at: '', words: first },
    ...Object.keys(nouns).map((noun) => ({
      at: noun,
      words: commands.flatMap(({ name, summary }): readonly Word[] =>
        name.startsWith(`${noun} `) ? [[name.slice(noun.length + 1), summary]] : [],
      ),
    })),
    ...commands.map((command) => ({ at: command.name, words: wordsOf(command) })),
  ];
}

function wordsOf({ args, options }: Command): readonly Word[] {
  return [
    ...args.flatMap(({ words = [], says }) => words.map((word): Word => [word, says])),
    ...options.map((option): Word => [`--${longOf(option)}`, option.says]),
    ['--json', 'the answer as JSON'],
    HELP,
  ];
}

function valuesOf({ commands }: Book): readonly Value[] {
  return commands.flatMap(({ name, options }) =>
    options.filter(takesValue).map((option) => ({
      at: name,
      option: `--${longOf(option)}`,
      words: option.shape.includes('<file>') ? ('files' as const) : option.words,
    })),
  );
}

/** All beginnings that lead on: `box`, `box list`. */
function stepsOf({ commands, nouns }: Book): readonly string[] {
  return [...Object.keys(nouns), ...commands.map(({ name }) => name)];
}

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
