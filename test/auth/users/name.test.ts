import { describe, expect, test } from 'vitest';
import { namedBy } from '../../../lib/auth/users/name.ts';

const nameOf = (username: string) => namedBy({ username, realm: 'example.org' }, 'example.org')?.aor;

describe('a user name', () => {
  test.each([
    ['bob', 'bob@example.org'],
    ['bob@Elsewhere.ORG', 'bob@elsewhere.org'],
    ['+1201', '+1201@example.org'],
    ['jörg', 'j%C3%B6rg@example.org'],
  ])('%s is the address %s', (name, aor) => expect(nameOf(name)).toBe(aor));

  test.each(['%62ob', 'b%6Fb@example.org', 'j%C3%B6rg', '%', '@example.org', 'bob@'])(
    'such as %s is nobody’s: written in an address it would be another one',
    (name) => expect(nameOf(name)).toBeUndefined(),
  );
});
