// npm run fuzz -- --inputs N: what strangers might send, against the app, from a fresh clone.
import { runBuilt } from './prepare.js';

await runBuilt('dist/test/fuzz/command.js');
