import { MARK_LINE } from '../../core/mark.ts';
import type { Notes } from './installation.ts';

/** Parses the marker's text. */
export function parseNotes(text: string): Notes {
  const values = (word: string): readonly string[] =>
    text.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []));
  return { made: values('made'), confirmed: values('confirmed').at(-1) };
}

/** Writes the marker's text. {@link parseNotes} is its inverse. */
export function writeNotes(notes: Notes): string {
  const confirmed = notes.confirmed === undefined ? [] : [`confirmed ${notes.confirmed}`];
  return `${[MARK_LINE, ...notes.made.map((thing) => `made ${thing}`), ...confirmed].join('\n')}\n`;
}
