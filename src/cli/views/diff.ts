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
  // Remove the lines before the patch: `Index:`, if both names are equal, and one of `=`.
  return withoutNeighbours(patch.replace(/^(?:Index: .*\n)?=+\n/, ''));
}

/** A variable of hxllm on a line of its own, with a value that is no secret. */
const OWN_LINE = /^[-+]\s*litellm_(?!\w*key)\w+\s*[:=]/;
/** A comment, or an address with a password or a query. */
const MORE = /\s#|\/\/\S*[@?#]/;

/** A number that a scan proposes, or an address without user, path and query, alone on its line but for a comment. */
const ENTRY_LINE =
  /^[-+]\s*(?:- )?(?:(?:num_parallel|max_loaded_models|num_ctx): *\d+|(?:url: *)?["']?https?:\/\/[\w.:[\]-]+\/?["']?)(?=\s*$|\s+#)/;
/** An entry of one of hxllm's lists in flow style, without anything that could be a secret. */
const FLOW_LINE =
  /^[-+]\s*- \{(?: *(?:(?:name|provider|model|mode|num_ctx|num_parallel|max_loaded_models): *["']?[\w.:/+-]+["']?|url: *["']?https?:\/\/[\w.:[\]-]+\/?["']?),?)+ *\}(?=\s*$|\s+#)/;

/** The part of a changed line that is shown: a comment is the operator's. */
function shownPart(line: string): string | undefined {
  if (OWN_LINE.test(line) && !MORE.test(line)) return line;
  const [entry] = ENTRY_LINE.exec(line) ?? FLOW_LINE.exec(line) ?? [];
  return entry === undefined
    ? undefined
    : entry + (line.length > entry.trimEnd().length && line.includes(' #') ? '  # …' : '');
}

/** Where a line of the operator's is changed and not only added, it is shown only if it holds nothing but a variable of hxllm, or an entry of its lists. */
function withoutNeighbours(patch: string): string {
  return patch
    .split(/^(?=@@)/m)
    .map((hunk, index) => {
      if (index === 0 || !/^-/m.test(hunk)) return hunk;
      const lines = hunk
        .split('\n')
        .map((line) => (/^[-+]/.test(line) ? (shownPart(line) ?? `${line.charAt(0)}(not shown)`) : line));
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
