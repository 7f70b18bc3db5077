/** A source as JavaScript, with all that it imports: for a process of its own, which may be a Node that reads no TypeScript. */
export async function transpiled(file: URL): Promise<URL> {
  const script = new URL('../../scripts/transpile.js', import.meta.url);
  const tool = (await import(script.href)) as { transpiled: (file: URL) => Promise<URL> };
  return tool.transpiled(file);
}
