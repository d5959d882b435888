import { posix } from 'node:path';
import { BANNED_NAMES, IMPORTS, MAX_LINES, PROCESS_ROOMS } from './import-table.ts';

const IMPORT =
  /(?:^|[\n;])\s*(?:import|export)\s*(?:type\s+)?(?:[\w*\s{},$'"-]+?\s*from\s*)?['"]([^'"]+)['"]|(?:import|require|createRequire\([^)]*\))\(\s*['"`]([^'"`]+)['"`]/g;
const PROCESS = /(?<![\w.'"`-])(?:process|console)\.\w/;

/** The imports of a file, as written. A comment inside an import hides it from the pattern, so the file is read without comments too. */
function importsOf(source: string): readonly string[] {
  const matches = [source, withoutComments(source)].flatMap((text) => [...text.matchAll(IMPORT)]);
  return [...new Set(matches.map((match) => match[1] ?? match[2] ?? ''))];
}

/** Every violation of the architecture in a tree (path below src → source), one line each. */
export function violationsIn(files: ReadonlyMap<string, string>): readonly string[] {
  return [
    ...[...files].flatMap(([path, source]) => [...importViolations(path, source), ...shapeViolations(path, source)]),
    ...cycles(files),
  ];
}

/** Rules for every file, in src and in the tests: its size, and a name that says something. */
export function shapeViolations(path: string, source: string): readonly string[] {
  const found: string[] = [];
  const lines = source.split('\n').length - 1;
  if (lines > MAX_LINES) found.push(`${path}: ${String(lines)} lines, ${String(MAX_LINES)} are the limit`);
  const words = posix.basename(path).split(/[-_.]/);
  const banned = words.find((word) => BANNED_NAMES.includes(word));
  if (banned !== undefined) found.push(`${path}: "${banned}" names no idea`);
  if (path !== path.toLowerCase()) found.push(`${path}: file names are kebab-case`);
  return found;
}

function importViolations(path: string, source: string): readonly string[] {
  const room = roomOf(path);
  // The row of the gateway's root is for the files directly in it: a new room needs a row of its own.
  const hasOwnRow = room !== 'gateway' || posix.dirname(path) === 'gateway';
  if (room === undefined || !hasOwnRow) return [`${path}: not in any room of the import table`];
  const row = IMPORTS[room];
  if (row === undefined) return [];
  const found: string[] = [];
  for (const imported of importsOf(source)) {
    if (imported.startsWith('.')) {
      const target = posix.normalize(posix.join(posix.dirname(path), imported));
      if (!imported.endsWith('.ts') && !imported.endsWith('.json'))
        found.push(`${path}: import of ${imported} does not end in .ts`);
      const own = within(target, room) && roomOf(target) === room;
      if (!own && !row.rooms.some((allowed) => within(target, allowed)))
        found.push(`${path}: imports ${target}, but ${room} may not (${row.why})`);
      continue;
    }
    const name = packageOf(imported);
    const allowed = row.packages.includes(name) || (name.startsWith('node:') && row.packages.includes('node:*'));
    if (!allowed) found.push(`${path}: imports the package ${name}, but ${room} may not (${row.why})`);
  }
  if (!PROCESS_ROOMS.some((allowed) => within(path, allowed)) && PROCESS.test(withoutComments(source)))
    found.push(`${path}: uses process or console, which only ${PROCESS_ROOMS.join(', ')} may`);
  return found;
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}

/** The room of a path below `src/`: the longest row of the import table that holds it. */
export function roomOf(path: string): string | undefined {
  return Object.keys(IMPORTS)
    .filter((room) => within(path, room))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** Whether a path is a file or in a folder; `folder/*` means the files directly in it. */
function within(path: string, place: string): boolean {
  if (place.endsWith('/*')) return posix.dirname(path) === place.slice(0, -2);
  return path === place || path.startsWith(`${place}/`);
}

function packageOf(imported: string): string {
  if (imported.startsWith('node:')) return imported.split('/')[0] ?? imported;
  const parts = imported.split('/');
  return imported.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? imported);
}

function cycles(files: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push(`import cycle: ${[...trail.slice(start), path].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const imported of importsOf(files.get(path) ?? '')) {
      if (!imported.startsWith('.')) continue;
      const target = posix.normalize(posix.join(posix.dirname(path), imported));
      if (files.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return found;
}
