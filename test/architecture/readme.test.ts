import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Paths in backticks with a room before the first slash and something behind it, relative to src/ or to the repository. */
function pathsIn(page: string): readonly string[] {
  return [...page.matchAll(/`([a-z][\w-]*\/[\w./-]+)`/g)].map(([, path = '']) => path);
}

function isThere(path: string): boolean {
  return existsSync(join(root, 'src', path)) || existsSync(join(root, path));
}

test('every path that src/README.md names is there', () => {
  const paths = pathsIn(readFileSync(join(root, 'src/README.md'), 'utf8'));
  assert.ok(paths.length > 50, `${String(paths.length)} paths found`);
  assert.deepEqual(
    paths.filter((path) => !isThere(path)),
    [],
  );
  assert.deepEqual(
    pathsIn('`gateway/desk.ts` and `no path`').filter((path) => !isThere(path)),
    ['gateway/desk.ts'],
  );
});

test('"To change X, go to Y" has a row for what is asked most', () => {
  const page = readFileSync(join(root, 'src/README.md'), 'utf8');
  const [, rows = ''] = page.split(/^## (?:To change X|Two trips).*$/m);
  for (const subject of [
    'retry',
    'failover',
    'retry-after',
    'cancel',
    'time-outs',
    'metrics',
    'health',
    'auth',
    'CORS',
    'reload',
    'limits',
    'max_queue_wait',
    'marked down',
    'unit hardening',
    'vault password',
    'CA check',
    'adding a strategy',
    'a 500 that is the client',
  ])
    assert.ok(rows.includes(subject), `no row for ${subject}`);
});
