/** Users of the store: who may log in. A password comes in a body, and leaves never. */
import { z } from 'zod';
import type { UserOperations } from '../../auth/users/operations.ts';
import { aorOf } from './boxes.ts';
import { endpoint, type Endpoint } from './endpoint.ts';
import * as schema from './schemas.ts';

const password = z.string().min(1).max(1_024).meta({ format: 'password', writeOnly: true });
const named = z.object({ user: z.string() });

export function userEndpoints(users: UserOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/users',
      tag: 'users',
      summary: 'Users by name, and by what they can prove themselves; nothing of the secrets.',
      query: z.strictObject({ limit: schema.limit, cursor: schema.cursor }),
      answer: z.object({
        users: z.array(z.object({ user: z.string(), proves: z.array(z.string()) })),
        next: schema.next,
      }),
      run: async ({ query: { limit, cursor } }) => {
        const page = await users.list({
          ...(limit === undefined ? {} : { limit }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        return { ...page, users: page.users.map(({ user, proves }) => ({ user, proves: [...proves] })) };
      },
    }),
    endpoint({
      method: 'post',
      path: '/users/{aor}',
      tag: 'users',
      summary:
        'A new user; with the first one everybody is asked for a password (SILO_AUTH=auto). Over TLS or from this machine.',
      changes: true,
      secret: true,
      status: 201,
      body: z.strictObject({ password }),
      answer: named,
      run: async ({ params, body }) => ({ user: await users.add(aorOf({ params }), body.password) }),
    }),
    endpoint({
      method: 'put',
      path: '/users/{aor}/password',
      tag: 'users',
      summary: 'Another password for a user. Over TLS or from this machine.',
      changes: true,
      secret: true,
      body: z.strictObject({ password }),
      answer: named,
      run: async ({ params, body }) => ({ user: await users.setPassword(aorOf({ params }), body.password) }),
    }),
    endpoint({
      method: 'delete',
      path: '/users/{aor}',
      tag: 'users',
      summary: 'A user goes. Devices stay registered until they would register anew; messages stay.',
      changes: true,
      answer: named,
      run: async ({ params }) => ({ user: await users.remove(aorOf({ params })) }),
    }),
  ];
}
