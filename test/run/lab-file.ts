import { writeFile } from 'node:fs/promises';
import { runFiles } from './suite.ts';

// Started by lab-lanes.ts in the namespaces of a lane: runs one file of the lab and writes its tally. FILE ROOT LIMIT-MS RESULT

const [file = '', root = '', limitMs = '', result = ''] = process.argv.slice(2);
await writeFile(result, JSON.stringify(await runFiles([file], { concurrency: 1, limitMs: Number(limitMs) }, root)));
