import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from './prepare.js';

/** Where the JavaScript lies: in the package, so that it finds packages and `sql/`; in no folder that git or npm looks at. */
const CACHE = join(root, '.tmp', 'transpiled');
const made = new Map();
/** At the top of a file, or where it is needed. */
const IMPORT = /^(?:import|export|}) .*?from '(\.{1,2}\/[^']+\.ts)';$|\bimport\('(\.{1,2}\/[^']+\.ts)'\)/gm;

/**
 * A TypeScript file, and all that it imports from here, as JavaScript: for a worker thread of a test, since a test runs on
 * the sources and Node 20 reads no TypeScript. By their content: what is there is as the sources are now.
 */
export function transpiled(file) {
  const entry = fileURLToPath(file);
  if (!made.has(entry)) made.set(entry, make(entry));
  return made.get(entry);
}

async function make(entry) {
  const sources = sourcesOf(entry);
  const hash = createHash('sha256');
  for (const [path, text] of sources) hash.update(`${relative(root, path)}\0${text}\0`);
  const folder = join(CACHE, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) await write(sources, folder);
  return pathToFileURL(join(folder, `${relative(root, entry).slice(0, -'.ts'.length)}.js`));
}

/** The file and those that it imports, by their paths. */
function sourcesOf(entry) {
  const sources = new Map();
  const add = (path) => {
    if (sources.has(path)) return;
    const text = readFileSync(path, 'utf8');
    sources.set(path, text);
    // An import of types only costs nothing but a file too many.
    for (const [, name, later] of text.matchAll(IMPORT)) add(join(dirname(path), name ?? later));
  };
  add(entry);
  return sources;
}

/** Another process may be at it: what is there is whole. */
async function write(sources, folder) {
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const draft = `${folder}.${process.pid}`;
  for (const [path, text] of sources) {
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { ...options, noEmit: false, inlineSourceMap: true, module: ts.ModuleKind.ESNext },
      fileName: path,
    });
    const target = join(draft, `${relative(root, path).slice(0, -'.ts'.length)}.js`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
}
