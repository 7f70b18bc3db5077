import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openUserFile as openFile } from '../../../lib/auth/users/file.ts';
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
const openUserFile = (path: string, realm = '', domains: readonly string[] = []) =>
  openFile(path, { realm, domains });
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

describe('with SILO_REALM a user without a domain is of one domain', () => {
  const file = (realm: string) => fileOf(`bob:${realm}:${MD5}\nzoe@two.example:${realm}:${OTHER}\n`);

  test.each([
    ['example.org', [], 'example.org'],
    ['one.example', ['two.example', 'one.example'], 'one.example'],
    ['Our House', ['one.example'], 'one.example'],
    ['house', ['one.example'], 'one.example'],
    ['one.example', ['two.example'], 'two.example'],
    ['house', ['house', 'one.example'], 'house'],
  ] as const)('%s, serving %j: that of %s', async (realm, domains, home) => {
    const users = openUserFile(file(realm), realm, domains);
    const asked = (sent: string, domain: string) =>
      users.find(namedBy({ username: sent, realm }, domain) ?? name(''));
    expect(await asked('bob', home)).toMatchObject({ ha1: MD5 });
    expect(await asked('bob', 'elsewhere.example')).toBeUndefined();
    // A name with its domain says which.
    expect(await asked('zoe@two.example', 'elsewhere.example')).toMatchObject({ ha1b: OTHER });
    expect(await asked(`bob@${home}`, home)).toBeUndefined();
  });

  test.each([
    ['Our House', [], 'every domain is served'],
    ['house', [], 'every domain is served'],
    ['house', ['one.example', 'two.example'], 'one.example and two.example are served'],
    ['three.example', ['one.example', 'two.example'], 'one.example and two.example are served'],
  ] as const)('%s, serving %j: refused, since %s', (realm, domains, why) => {
    const path = file(realm);
    expect(() => openUserFile(path, realm, domains)).toThrow(
      `bob in the file ${path} named by SILO_USERS could be of any domain: SILO_REALM is "${realm}", and ${why}. Name the one domain`,
    );
    // Names that say it are nobody's trouble, nor are those of another realm.
    const named = fileOf(`zoe@two.example:${realm}:${OTHER}\ncarol:other:${MD5}\n`);
    expect(() => openUserFile(named, realm, domains)).not.toThrow();
  });
});
