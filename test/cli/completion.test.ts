/** The Tab key, in real shells. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { book } from '../../lib/cli/commands.ts';
import { bashCompletion, zshCompletion } from '../../lib/cli/frame/completion.ts';
import { findCommand } from '../support/find-command.ts';
import { needing } from '../support/needing.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(() => {
  folder = temporaryFolder('silo-completion');
  writeFileSync(join(folder.path, 'bash'), bashCompletion(book()));
  writeFileSync(join(folder.path, 'zsh'), zshCompletion(book()));
  writeFileSync(join(folder.path, 'secret.txt'), '');
});
afterAll(() => folder.remove());

describe('in bash', needing(findCommand('bash') === undefined ? 'bash is missing' : undefined), () => {
  /** What is offered for the last word. */
  function offered(...words: readonly string[]): readonly string[] {
    const line = ['drachtio-silo', ...words].map((word) => `'${word}'`).join(' ');
    const script = `set -u; source ./bash; COMP_WORDS=(${line}); COMP_CWORD=${words.length}
      eval "$(complete -p drachtio-silo | sed -E 's/.*-F ([^ ]+) .*/\\1/')"; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const said = execFileSync('bash', ['--noprofile', '--norc', '-c', script], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    return said.split('\n').filter(Boolean);
  }

  test('commands and nouns come first, by their beginning', () => {
    const all = offered('');
    for (const { name } of book().commands) expect(all).toContain(name.split(' ')[0]);
    expect(offered('mi')).toEqual(['migrate']);
  });

  test('verbs behind a noun', () => {
    expect(offered('box', '')).toEqual(['list', 'show', 'requeue', 'remove', 'move']);
    expect(offered('dead', 'dr')).toEqual(['drop']);
  });

  test('options behind a command, also behind its arguments', () => {
    expect(offered('migrate', '--')).toEqual(['--check', '--print', '--all', '--json', '--help']);
    expect(offered('box', 'show', 'bob@example.org', '--b')).toEqual(['--bodies']);
  });

  test('the words of an option and of an argument, and files', () => {
    expect(offered('box', 'list', '--order', '')).toEqual(['waiting', 'oldest', 'name']);
    expect(offered('completion', 'z')).toEqual(['zsh']);
    expect(offered('send', '--password-file', 'sec')).toEqual(['secret.txt']);
    expect(offered('box', 'list', '--limit', '')).toEqual([]);
  });
});

describe(
  'in zsh',
  needing(findCommand('zsh') === undefined ? 'zsh is missing; install zsh' : undefined),
  () => {
    test('the script is one that it reads, and defines the completion', () => {
      const script =
        'autoload -Uz compinit; compinit -D -u; source ./zsh; print -r -- $_comps[drachtio-silo]; functions _drachtio_silo | wc -l';
      const said = execFileSync('zsh', ['-f', '-c', script], { cwd: folder.path, encoding: 'utf8' });
      expect(said).toMatch(/^_drachtio_silo\n\s*[1-9]\d+\n$/);
    });
  },
);
