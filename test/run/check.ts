import { join } from 'node:path';
import { checkStatically, summaryOf } from './static.ts';

// npm run check: types, lint, format and architecture, without any other test.

const startedMs = performance.now();
const result = await checkStatically(join(import.meta.dirname, '../..'));
process.stdout.write(`${summaryOf(result)} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`);
process.exitCode = result.passed ? 0 : 1;
