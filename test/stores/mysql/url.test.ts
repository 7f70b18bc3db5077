import { describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import { parseMysqlUrl } from '../../../lib/stores/mysql/link/url.ts';

describe('the URL of a MySQL store', () => {
  test('one host, the port left out', () => {
    expect(parseMysqlUrl('mysql://silo:secret@db.example.org/silo')).toEqual({
      hosts: [{ host: 'db.example.org', port: 3306, name: 'db.example.org:3306' }],
      account: { user: 'silo', password: 'secret', database: 'silo' },
      name: 'mysql://db.example.org:3306/silo',
      parameters: new Map(),
    });
  });

  test('several hosts in their order, IPv6 literals among them; the name tells no password', () => {
    const parsed = parseMysqlUrl('mysql://u:p@10.0.0.1:3307,[2001:db8::2]:3308,[::1],db3/silo');
    expect(parsed?.hosts.map(({ host, port }) => [host, port])).toEqual([
      ['10.0.0.1', 3307],
      ['2001:db8::2', 3308],
      ['::1', 3306],
      ['db3', 3306],
    ]);
    expect(parsed?.name).toBe('mysql://10.0.0.1:3307,[2001:db8::2]:3308,[::1]:3306,db3:3306/silo');
  });

  test('an account with characters that are written with percent signs, or with @ and : in the password', () => {
    expect(parseMysqlUrl('mariadb://a%40b:p%2Fw%3A@h/d')?.account).toEqual({
      user: 'a@b',
      password: 'p/w:',
      database: 'd',
    });
    expect(parseMysqlUrl('mysql://root:p@w:x@h/d')?.account.password).toBe('p@w:x');
    expect(parseMysqlUrl('mysql://h/d')?.account).toEqual({ user: '', password: '', database: 'd' });
  });

  test.each([
    'mysql://u:secret@/silo',
    'mysql://u:secret@h',
    'mysql://u:secret@h/',
    'mysql://u:secret@h,,i/silo',
    'mysql://u:secret@h:0/silo',
    'mysql://u:secret@h:99999/silo',
    'mysql://u:secret@h:x/silo',
    'mysql://u:secret@::1/silo',
    'mysql://u:secret@h/silo?ssl=1',
    'mysql://u:p/w?x=secret@h/silo',
    'mysql://u:p?tls=secret@h/silo',
    'mysql://u:secret%@h/silo',
    'postgres://u:secret@h/silo',
  ])('%s is refused with a sentence that keeps the password', async (url) => {
    const error: unknown = await openStore(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SILO_STORE_URL' });
    expect(String(error)).not.toContain('secret');
  });
});
