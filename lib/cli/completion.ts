/** `drachtio-silo completion`: what makes the Tab key know the commands. */
import { command, type Command } from './frame/command.ts';
import { bashCompletion, zshCompletion } from './frame/completion.ts';
import { EXIT } from './frame/exit.ts';
import type { Book } from './frame/parse.ts';

/** @param book all commands, this one among them */
export function completion(book: () => Book): Command {
  return command({
    name: 'completion',
    summary: 'a script that makes the Tab key of a shell know all this',
    args: { shell: { shape: '<shell>', says: 'which one', words: ['bash', 'zsh'] } },
    options: {},
    examples: [
      [
        'drachtio-silo completion bash > ~/.local/share/bash-completion/completions/drachtio-silo',
        'for good',
      ],
      ['drachtio-silo completion zsh > ~/.zfunc/_drachtio-silo', 'for zsh, with that folder in fpath'],
    ],
    run: ({ given, out }) => {
      const script = given.shell === 'zsh' ? zshCompletion(book()) : bashCompletion(book());
      if (out.json) out.answer({ shell: given.shell, script }, () => script);
      else process.stdout.write(script);
      return Promise.resolve(EXIT.done);
    },
  });
}
