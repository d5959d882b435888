import { sha256 } from './hash.ts';
import { diffLines } from './line-diff.ts';
import { shownText } from './shown-text.ts';

/** A file as it should be. Without an owner or a group, the one that it has counts. */
export interface WantedFile {
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly mode: number;
  readonly text: string;
  /** Its content is never shown. */
  readonly isSecret: boolean;
}

/** The same file on a host. */
export interface FoundFile {
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
  readonly sha256: string | undefined;
  /** Written by hxllm. The text of another one is not shown, since it may hold secrets. */
  readonly marked: boolean;
  readonly text: string | undefined;
}

/** The differences of a file in content, owner and mode, as text; empty if there is none. `found` is `undefined` for a missing file. */
export function fileDifferences(wanted: WantedFile, found: FoundFile | undefined): readonly string[] {
  const access =
    found === undefined
      ? `${wanted.owner ?? '-'}:${wanted.group ?? '-'} ${modeText(wanted.mode)}`
      : `${wanted.owner ?? found.owner}:${wanted.group ?? found.group} ${modeText(wanted.mode)}`;
  const actual = found === undefined ? '' : `${found.owner}:${found.group} ${modeText(found.mode)}`;
  const isForeign = found !== undefined && !found.marked;
  const content = wanted.isSecret
    ? `${found === undefined ? 'missing' : 'different content'}: [redacted]`
    : diffLines(isForeign ? '' : shownText(found?.text ?? '', wanted.text), wanted.text);
  return [
    ...(isForeign ? ['replaces a file that hxllm did not write'] : []),
    ...(found?.sha256 === sha256(wanted.text) ? [] : [content]),
    ...(found !== undefined && access !== actual ? [`expected ${access}, found ${actual}`] : []),
  ];
}

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
