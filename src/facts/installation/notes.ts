import { MARK_LINE } from '../../core/mark.ts';
import type { Notes } from './installation.ts';

/** Parses the marker's text. Markers of older versions have no `used` lines. */
export function parseNotes(text: string): Notes {
  const values = (word: string): readonly string[] =>
    text.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []));
  const deployment = Number(values('deployment').at(-1));
  return {
    made: values('made'),
    used: values('used'),
    confirmed: values('confirmed').at(-1),
    ...(Number.isSafeInteger(deployment) && deployment > 0 ? { deployment } : {}),
  };
}

/** Writes the marker's text. {@link parseNotes} is its inverse. */
export function writeNotes(notes: Notes): string {
  const confirmed = notes.confirmed === undefined ? [] : [`confirmed ${notes.confirmed}`];
  const lines = [...notes.made.map((thing) => `made ${thing}`), ...notes.used.map((thing) => `used ${thing}`)];
  const deployment = notes.deployment === undefined ? [] : [`deployment ${String(notes.deployment)}`];
  return `${[MARK_LINE, ...lines, ...deployment, ...confirmed].join('\n')}\n`;
}

/** The names that stand after a word in notes: `noted(notes.made, 'folder')` are the folders that hxllm created. */
export function noted(things: readonly string[], word: string): readonly string[] {
  return things.flatMap((thing) => (thing.startsWith(`${word} `) ? [thing.slice(word.length + 1)] : []));
}
