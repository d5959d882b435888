import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { riddlesIn } from './english.ts';
import { exportedTwice, replacedNamesIn } from './names.ts';
import { shapeViolations, violationsIn } from './violations.ts';

const root = join(import.meta.dirname, '../..');

function read(folder: string): Map<string, string> {
  const paths = globSync('**/*.ts', { cwd: join(root, folder), exclude: ['**/node_modules'] }).toSorted();
  return new Map(paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(root, folder, path), 'utf8')]));
}

/** Whether a planted file is refused, by a line that names the reason. */
function refuses(path: string, source: string, reason: RegExp): void {
  const found = violationsIn(new Map([...read('src'), [path, source]]));
  assert.ok(
    found.some((line) => line.includes(path) && reason.test(line)),
    `not refused: ${path}\n${found.join('\n')}`,
  );
}

test('src keeps to the import table, the file size, the names, and has no cycle', () => {
  const files = read('src');
  assert.ok(files.size > 5, 'no sources found');
  assert.deepEqual(violationsIn(files), []);
});

test('the lab and the tests keep to file size and names as src does', () => {
  const files = read('test');
  assert.ok(files.size > 2, 'no tests found');
  assert.deepEqual(
    [...files].flatMap(([path, source]) => shapeViolations(path, source)),
    [],
  );
});

test('a planted import of a forbidden room is refused', () => {
  refuses('core/planted.ts', "import { x } from '../config/config.ts';\n", /core may not/);
  refuses('phases/preflight/planted.ts', "import type { P } from '../enforce/run.ts';\n", /phases\/preflight may not/);
  refuses('gateway/planted.ts', "import type { Config } from '../config/config.ts';\n", /gateway may not/);
  refuses(
    'gateway/api/openai/planted.ts',
    "import { y } from '../ollama/messages.ts';\n",
    /gateway\/api\/openai may not/,
  );
  refuses(
    'gateway/api/openai/planted.ts',
    "import { y } from '../../route/fleet.ts';\n",
    /gateway\/api\/openai may not/,
  );
  refuses('gateway/upstream/planted.ts', "import { y } from '../scheduler/loader.ts';\n", /gateway\/upstream may not/);
  refuses(
    'gateway/upstream/ollama/planted.ts',
    "import { y } from '../openai/usage.ts';\n",
    /upstream\/ollama may not/,
  );
  refuses('gateway/proxy/planted.ts', "import { Agent } from 'undici';\n", /package undici/);
  refuses('gateway/http/planted.ts', "import { y } from '../proxy/handler.ts';\n", /gateway\/http may not/);
  refuses('cli/planted.ts', "export { z } from '../gateway/app.ts';\n", /cli may not/);
});

test('a planted import of a forbidden package is refused, in every form', () => {
  refuses('cli/planted.ts', "import { Client } from 'ssh2';\n", /package ssh2/);
  refuses('plan/planted.ts', "import { readFileSync } from 'node:fs';\n", /package node:fs/);
  refuses('gateway/route/planted.ts', "const x = await import('undici');\n", /package undici/);
  refuses('sim/planted.ts', "import type {\n  Hono,\n} from 'hono';\n", /package hono/);
  refuses(
    'gateway/proxy/planted.ts',
    "import {\n  Agent, // it's ours (for now)\n} from 'undici';\n",
    /package undici/,
  );
  refuses('gateway/proxy/planted.ts', "import { 'a-b' as q } from 'undici';\n", /package undici/);
  refuses('gateway/proxy/planted.ts', "const a = 1; import { Agent } from 'undici';\n", /package undici/);
  refuses('gateway/proxy/planted.ts', 'const x = await import(/* late */ `undici`);\n', /package undici/);
  refuses('gateway/proxy/planted.ts', "const x = createRequire(import.meta.url)('undici');\n", /package undici/);
});

test('a planted long file, empty name, cycle and use of process are refused', () => {
  refuses('core/planted.ts', '\n'.repeat(251), /251 lines/);
  refuses('core/shell-utils.ts', '', /"utils" names no idea/);
  refuses('facts/planted.ts', "import './planted.ts';\n", /import cycle/);
  refuses('plan/planted.ts', 'export const home = process.env;\n', /uses process/);
  refuses('attic/planted.ts', '', /not in any room/);
  refuses('gateway/attic/planted.ts', '', /not in any room/);
});

test('no exported name of the gateway has two meanings', () => {
  assert.deepEqual(exportedTwice(read('src'), 'gateway'), []);
  const planted = new Map([
    ['gateway/a.ts', 'export function queueLength(): void {}\n'],
    ['gateway/b/c.ts', 'export const queueLength = 1;\n'],
    ['sim/d.ts', 'export class queueLength {}\n'],
  ]);
  assert.deepEqual(exportedTwice(planted, 'gateway'), ['queueLength is exported by a.ts and b/c.ts']);
  const lists = new Map([
    ['gateway/a.ts', 'interface B {}\nexport type { B as Place };\n'],
    ['gateway/b.ts', "export interface Place {}\nexport { Other } from './c.ts';\n"],
    ['gateway/c.ts', 'export class Other {}\n'],
  ]);
  assert.deepEqual(exportedTwice(lists, 'gateway'), ['Place is exported by a.ts and b.ts']);
});

test('each thing has the name that the field gives it', () => {
  assert.deepEqual(
    [...read('src')].flatMap(([path, source]) => replacedNamesIn(path, source)),
    [],
  );
  const names = (path: string, source: string): number => replacedNamesIn(path, source).length;
  assert.equal(names('gateway/proxy/planted.ts', 'const standIns = flight.places;\n'), 3);
  assert.equal(names('plan/planted.ts', 'function look(seen: Seen): void {}\n'), 1);
  assert.equal(names('gateway/planted.ts', "// A Desk.\nconst text = 'Desk' + `the Desk`;\n"), 0);
});

test('no comment, message or test title has a sentence that begins with a word that names no thing', () => {
  const riddles = ['src', 'test'].flatMap((folder) =>
    [...read(folder)].flatMap(([path, source]) => riddlesIn(`${folder}/${path}`, source)),
  );
  assert.deepEqual(
    riddles.map(({ path, line, sentence }) => `${path}:${String(line)}: ${sentence}`),
    [],
  );
});

test('a planted riddle is refused, in a comment, a message or a test title, and a question is not', () => {
  const sentences = (source: string): readonly string[] => riddlesIn('x.ts', source).map(({ sentence }) => sentence);
  assert.deepEqual(sentences('/** Who waits does so no more. */'), ['Who waits does so no more.']);
  assert.deepEqual(sentences('/** Removes a waiter. Whoever waits behind it moves up. */'), [
    'Whoever waits behind it moves up.',
  ]);
  assert.deepEqual(sentences('const a = 1; // nobody reads this\n'), ['nobody reads this']);
  assert.deepEqual(sentences('// One that waits\n// goes on.\n'), ['One that waits goes on.']);
  assert.deepEqual(sentences('fail(`${name}: no slot is free. Whoever waits goes on`);\n'), ['Whoever waits goes on']);
  assert.deepEqual(sentences("const rank = { 'such a key': 1, who: 'nobody' };\n"), ['such a key']);
  const titles = "test('what waits goes on', () => {\n  assert.ok(true, 'what waits goes on');\n});\n";
  assert.deepEqual(
    riddlesIn('test/x.test.ts', titles).map(({ line, sentence }) => [line, sentence]),
    [[1, 'what waits goes on']],
  );
  assert.deepEqual(sentences("const question = 'Who waits?'; // The question.\nconst url = 'http://who';\n"), []);
});
