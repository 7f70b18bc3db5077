/** A person: everything of an AoR shown, line by line, and erased. */
import { Hono } from 'hono';
import { z } from 'zod';
import { audit } from '../http/audit.ts';
import { responseTo } from '../http/problem.ts';
import type { Env } from '../http/types.ts';
import type { PersonOperations } from '../../silo/manage/operations.ts';
import { aorOf } from './boxes.ts';
import { endpoint, type Endpoint } from './endpoint.ts';

export function personEndpoints(persons: PersonOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'delete',
      path: '/persons/{aor}',
      tag: 'persons',
      summary: 'Erases everything of an AoR, as recipient and as sender, and says what went from where.',
      changes: true,
      query: z.strictObject({
        compact: z
          .stringbool()
          .optional()
          .describe('true: an SQLite file is rewritten, so that nothing is left in it'),
      }),
      answer: z.object({
        aor: z.string(),
        erased: z.array(z.object({ table: z.string(), rows: z.int() })),
        left: z.array(z.string()).describe('What an operator has yet to do'),
      }),
      run: async ({ params, query: { compact } }) => {
        const report = await persons.erase(aorOf({ params }), compact === undefined ? {} : { compact });
        return { ...report, erased: [...report.erased], left: [...report.left] };
      },
    }),
  ];
}

/** A line of JSON for each thing that is stored: of a person there may be more than fits into one answer. */
export function exportRoutes(persons: Pick<PersonOperations, 'export'>): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/persons/:aor', async (context) => {
    const aor = context.req.param('aor');
    const records = persons.export(aor)[Symbol.asyncIterator]();
    // What is wrong with the question is said before the first line.
    const first = await records.next().catch((error: unknown) => responseTo(error));
    audit(context, 'GET /api/persons', [aor], first instanceof Response ? first.status : 200);
    if (first instanceof Response) return first;
    let next: typeof first | undefined = first;
    const encoder = new TextEncoder();
    const lines = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const record = next ?? (await records.next());
        next = undefined;
        if (record.done === true) controller.close();
        else controller.enqueue(encoder.encode(`${JSON.stringify(record.value)}\n`));
      },
      cancel: async () => {
        await records.return?.();
      },
    });
    return context.body(lines, 200, { 'Content-Type': 'application/x-ndjson' });
  });
  return app;
}

export const EXPORT_DOCUMENT = {
  '/api/persons/{aor}': {
    get: {
      operationId: 'getPersonsAor',
      tags: ['persons'],
      summary: 'Everything that is stored about an AoR, bodies included: a line of JSON for each thing.',
      parameters: [{ name: 'aor', in: 'path', required: true, schema: { type: 'string' } }],
      responses: {
        200: { description: 'Lines of JSON', content: { 'application/x-ndjson': {} } },
        default: { $ref: '#/components/responses/problem' },
      },
    },
  },
} as const;
