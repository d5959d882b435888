import { createTwoFilesPatch } from 'diff';
import type { Paint } from './paint.ts';
import { printable } from '../../core/printable.ts';

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
  // No context: the lines beside a change are other people's. A last line without its line feed is no change.
  const [old, desired] = [before ?? '', after].map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`));
  const oldName = before === undefined ? '/dev/null' : shownPath;
  const patch = createTwoFilesPatch(oldName, shownPath, old ?? '', desired ?? '', undefined, undefined, { context: 0 });
  // Remove the line of `=` before the patch.
  return withoutNeighbours(patch.replace(/^=+\n/, ''));
}

/** A variable of hxllm on a line of its own, with a value that is no secret. */
const OWN_LINE = /^[-+]\s*litellm_(?!\w*key)\w+\s*[:=]/;
/** A comment, or an address with a password or a query. */
const MORE = /\s#|\/\/\S*[@?#]/;

/** Where a line of the operator's is changed and not only added, it is shown only if it holds nothing but a variable of hxllm. */
function withoutNeighbours(patch: string): string {
  return patch
    .split(/^(?=@@)/m)
    .map((hunk, index) => {
      if (index === 0 || !/^-/m.test(hunk)) return hunk;
      const lines = hunk
        .split('\n')
        .map((line) =>
          /^[-+]/.test(line) && (!OWN_LINE.test(line) || MORE.test(line)) ? `${line.charAt(0)}(not shown)` : line,
        );
      return lines.join('\n');
    })
    .join('');
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
