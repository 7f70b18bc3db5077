// npm version: no release without a word to the person who will upgrade, nor without the place where its sources and its faults are.
import { existsSync, readFileSync } from 'node:fs';

const changelog = existsSync('CHANGELOG.md') ? readFileSync('CHANGELOG.md', 'utf8') : '';
const [, level, afterHeading] = /^(#+) *\[?NEXT\]?[^\n]*\n([^]*)/m.exec(changelog) ?? [];
// Up to the next heading of the same rank; those below it are parts of the section.
const section = afterHeading?.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0] ?? '';
const words = section.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));

if (words.length === 0) {
  const found = afterHeading === undefined ? 'no NEXT section' : 'an empty NEXT section';
  console.error(`CHANGELOG.md has ${found}. Say there what changes for the person who will upgrade.`);
  process.exit(1);
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const missing = ['repository', 'bugs'].filter((name) => manifest[name] === undefined);
if (missing.length > 0) {
  console.error(
    `package.json has no ${missing.join(' and no ')}: name the address of the repository and of its issues there.`,
  );
  process.exit(1);
}
