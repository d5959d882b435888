import { createTwoFilesPatch } from 'diff';
import type { Paint } from './paint.ts';
import { printable } from './flow.ts';

/** A change to one of the operator's files, in the same shape as in the report of inventory. */
export interface ShownChange {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string;
  readonly secret: boolean;
  readonly generated?: boolean;
}

/** A change as a unified diff with `shownPath` as the file's name. For a secret or a generated file, one line that says so. */
export function diffOf(change: ShownChange, shownPath: string): string {
  const { before, after, secret, generated } = change;
  const file = `${before === undefined ? 'new file' : 'changed file'} ${shownPath}`;
  if (secret) return `${file} (its content is secret and not shown)\n`;
  if (generated === true)
    return `${file} (a JSON Schema for editors, ${String(after.split('\n').length - 1)} lines, not shown)\n`;
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : shownPath,
    shownPath,
    before ?? '',
    after,
    undefined,
    undefined,
    { context: 3 },
  );
  // Remove the line of `=` before the patch.
  return patch.replace(/^=+\n/, '');
}

/** A diff in colours, indented, without control characters. */
export function paintDiff(diff: string, paint: Paint, indent: number): string {
  return diff
    .trimEnd()
    .split('\n')
    .map((line) => `${' '.repeat(indent)}${styleOf(line, paint)(printable(line))}\n`)
    .join('');
}

function styleOf(line: string, paint: Paint): (text: string) => string {
  if (line.startsWith('+++') || line.startsWith('---')) return paint.bold;
  if (line.startsWith('@@')) return paint.accent;
  return line.startsWith('+') ? paint.good : line.startsWith('-') ? paint.bad : (text) => text;
}
