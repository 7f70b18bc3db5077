/** Examples in TypeScript as files that can be run. They stand inside the package, so that `drachtio-silo` means it, as for an app that has it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, type Block } from './pages.ts';

export interface CompiledBlocks {
  /** The JavaScript of a block. */
  readonly fileOf: (block: Block) => string;
  readonly remove: () => void;
}

/** @param adapt puts in what this machine has in place of what the page says, such as ports */
export function compileBlocks(all: readonly Block[], adapt = (text: string) => text): CompiledBlocks {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, '.tmp', 'docs-'));
  const names = new Map<string, string>();
  for (const [index, { path, text }] of all.entries()) {
    names.set(`${path} ${text}`, `example${index}`);
    writeFileSync(join(folder, `example${index}.ts`), adapt(text));
  }
  const tsconfig = { extends: '../../tsconfig.json', compilerOptions: { noEmit: false }, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
    stdio: 'pipe',
    encoding: 'utf8',
  });
  return {
    fileOf: ({ path, text }) => join(folder, `${names.get(`${path} ${text}`) ?? ''}.js`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
