import { join } from 'node:path';
import { checkStatically } from './static.ts';

// npm run check: types, lint, format and architecture, without any other test.

const startedMs = performance.now();
const passed = await checkStatically(join(import.meta.dirname, '../..'));
process.stdout.write(`${passed ? 'all fine' : 'failed'} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`);
process.exitCode = passed ? 0 : 1;
