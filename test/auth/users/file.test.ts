import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openUserFile } from '../../../lib/auth/users/file.ts';
import { namedBy } from '../../../lib/auth/users/name.ts';
import { onLog } from '../../../lib/base/log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const [MD5, SHA, OTHER] = ['a'.repeat(32), 'B'.repeat(64), 'c'.repeat(32)];
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder('silo-users');
});
afterAll(() => folder.remove());

let files = 0;
function fileOf(text: string): string {
  const path = join(folder.path, `users-${++files}`);
  writeFileSync(path, text);
  return path;
}
const name = (sent: string, realm = 'example.org') => namedBy({ username: sent, realm }, realm)!;

describe('a file of users', () => {
  test('has a line for each digest of a user; empty ones and comments do not count', async () => {
    const users = openUserFile(
      fileOf(
        `# ours\n\nbob:example.org:${MD5}\r\nbob:example.org:${SHA}\nbob@example.org:example.org:${OTHER}\n`,
      ),
    );
    expect(await users.find(name('bob'))).toMatchObject({ ha1: MD5, ha1Sha256: SHA });
    expect(await users.find(name('bob@example.org'))).toMatchObject({ ha1b: OTHER });
    expect(await users.find(name('bob', 'example.com'))).toBeUndefined();
    expect(await users.any()).toBe(true);
    expect(await openUserFile(fileOf('# none\n')).any()).toBe(false);
  });

  test.each(['bob:example.org', 'bob:example.org:secret', `bob:${MD5}`, `:example.org:${MD5}`])(
    'the line %s is refused with its number, and without what it says',
    (line) => {
      const path = fileOf(`bob:example.org:${MD5}\n${line}\n`);
      expect(() => openUserFile(path)).toThrow(/^Line 2 of the file .* wanted is user:realm:digest/);
      expect(() => openUserFile(path)).not.toThrow('secret');
    },
  );

  test('one that is not there is refused with a sentence', () => {
    expect(() => openUserFile(join(folder.path, 'none'))).toThrow(/can't be read .*ENOENT/);
  });

  test('is read again when it has changed, and what can’t be read changes nothing', async () => {
    const path = fileOf(`bob:example.org:${MD5}\n`);
    const users = openUserFile(path);
    writeFileSync(path, `carol:example.org:${MD5}\n`);
    await until(async () => expect(await users.find(name('carol'))).toBeDefined());
    expect(await users.find(name('bob'))).toBeUndefined();
    const said: string[] = [];
    const stop = onLog((_, __, message) => said.push(message));
    writeFileSync(path, 'nonsense\n');
    await until(async () => {
      await users.find(name('carol'));
      expect(said.join()).toMatch(/Line 1 .*The users that were read before stay/);
    });
    stop();
    expect(await users.find(name('carol'))).toBeDefined();
  });
});
