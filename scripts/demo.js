// npm run demo: the application with phones around it, from a fresh clone.
import { runBuilt } from './prepare.js';

await runBuilt('dist/examples/demo.js');
