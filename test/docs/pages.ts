/** README.md, docs/ and CONTRIBUTING.md as the tests see them: fenced blocks, marked tables, links. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Page {
  /** `docs/storing.md` */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  readonly path: string;
  readonly language: string;
  readonly text: string;
}

export function pages(): readonly Page[] {
  const paths = [
    'README.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => `docs/${name}`),
  ];
  return paths.map(read);
}

/** What is for those who change the code: CONTRIBUTING.md and docs/decisions/. */
export function developerPages(): readonly Page[] {
  const decisions = readdirSync(join(root, 'docs/decisions')).map((name) => `docs/decisions/${name}`);
  return ['CONTRIBUTING.md', ...decisions].map(read);
}

function read(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** Fenced blocks of a language, of all pages or of one. */
export function blocks(language: string, path?: string): readonly Block[] {
  return pages()
    .filter((page) => path === undefined || page.path === path)
    .flatMap((page) =>
      [...page.text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map((found) => ({
        path: page.path,
        language: found[1] ?? '',
        text: found[2] ?? '',
      })),
    )
    .filter((block) => block.language === language);
}

/**
 * What stands between `<!-- name: … -->` and `<!-- /name -->`. With UPDATE_DOCS=1 it is replaced by what is wanted first.
 */
export function marked(path: string, name: string, wanted: string): string {
  const file = join(root, path);
  const text = readFileSync(file, 'utf8');
  const found = new RegExp(`(^<!-- ${name}:.*-->\\n)([^]*?)(^<!-- /${name} -->$)`, 'm').exec(text);
  if (!found) throw new Error(`${path} has no part marked <!-- ${name}: … -->`);
  const [whole, begin = '', now = '', end = ''] = found;
  if (process.env['UPDATE_DOCS'] !== '1') return now;
  writeFileSync(
    file,
    text.replace(whole, () => begin + wanted + end),
  );
  return wanted;
}
