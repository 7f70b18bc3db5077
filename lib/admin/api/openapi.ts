/** The OpenAPI document, made of the same schemas by which requests are checked. */
import { z } from 'zod';
import { packageVersion } from '../../base/package.ts';
import type { Endpoint } from './endpoint.ts';

type Json = Readonly<Record<string, unknown>>;

const PROBLEM = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string().optional(),
  sipStatus: z.int().optional(),
  retryAfter: z.int().optional(),
  errors: z.array(z.object({ path: z.string(), detail: z.string() })).optional(),
});

/** @param others operations that are no endpoint: streams, by path and method */
export function openApiOf(
  endpoints: readonly Endpoint[],
  others: readonly Readonly<Record<string, Json>>[],
): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of endpoints)
    (paths[`/api${endpoint.path}`] ??= {})[endpoint.method] = operationOf(endpoint);
  for (const other of others)
    for (const [path, operations] of Object.entries(other))
      paths[path] = { ...paths[path], ...(operations as Record<string, Json>) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'drachtio-silo',
      version: packageVersion(),
      description: 'Offline messages and message-waiting lamps. Times are epoch seconds (UTC).',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        problem: {
          description: 'What is wrong (RFC 9457)',
          content: { 'application/problem+json': { schema: jsonSchema(PROBLEM, 'output') } },
        },
      },
    },
  };
}

function operationOf({ method, path, tag, summary, query, body, answer, status = 200 }: Endpoint): Json {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const inPath = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const { properties = {} } = jsonSchema(query, 'input') as { properties?: Record<string, Json> };
  const inQuery = Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description === undefined ? {} : { description }),
    schema,
  }));
  return {
    operationId: `${method}${path.replace(/\W+(\w)?/g, (_, letter: string | undefined) => (letter ?? '').toUpperCase())}`,
    tags: [tag],
    summary,
    ...(inPath.length + inQuery.length > 0 ? { parameters: [...inPath, ...inQuery] } : {}),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(body, 'input') } },
          },
        }),
    responses: {
      [status]: {
        description: 'Done',
        content: { 'application/json': { schema: jsonSchema(answer, 'output') } },
      },
      default: { $ref: '#/components/responses/problem' },
    },
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return Object.fromEntries(Object.entries(made).filter(([name]) => name !== '$schema'));
}
