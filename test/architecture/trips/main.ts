import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceTrips, tripLines } from './page.ts';
import { traceEnforce, traceRequest } from './trips.ts';

// npm run trips: traces a chat request and an enforce, and writes the rooms of both into src/README.md.

const README = join(import.meta.dirname, '../../../src/README.md');

const lines = [await traceRequest(), await traceEnforce()].map(tripLines).join('\n\n');
writeFileSync(README, replaceTrips(readFileSync(README, 'utf8'), lines));
process.stdout.write(`${lines}\n`);
// The gateway that enforce started is stopped; its keep-alive connections need not be waited for.
process.exit();
