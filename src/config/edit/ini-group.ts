import { appendBlock, insertAfterLine } from './lines.ts';

const HEADER = /^\s*\[([^:\]\s]+)(?::(\w+))?\]/;

/**
 * Adds a host to a group of an INI inventory: at the end of the group's section, or in a new section at the end of the
 * file.
 */
export function addToIniGroup(text: string, group: string, host: string, comment: string): string {
  const lines = text.split(/\r?\n/);
  const start = lines.findLastIndex(
    (line) => HEADER.exec(line)?.[1] === group && [undefined, 'hosts'].includes(HEADER.exec(line)?.[2]),
  );
  if (start < 0) return appendBlock(text, [`# ${comment}`, `[${group}]`, host]);
  const rest = lines.slice(start + 1);
  const next = rest.findIndex((line) => HEADER.test(line));
  const section = next < 0 ? rest : rest.slice(0, next);
  // The host goes behind the last one: empty lines and comments above the next header stay with it.
  const last = section.findLastIndex((line) => line.trim() !== '' && !/^\s*[#;]/.test(line));
  return insertAfterLine(text, start + 1 + last + 1, [host]);
}
