import { appendFileSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { errorCode } from '../../core/error.ts';
import { isObject, parseJson } from '../../core/json.ts';
import { linkOf, type ChainLink } from './link.ts';

/** The file in the evidence folder with a line for every link of the chain, the newest last. */
export const CHAIN_LOG = 'chain.jsonl';

const FILE_MODE = 0o600;

/** The lines of the log of a chain. */
export interface ChainLog {
  /** False: there is no log yet. */
  readonly exists: boolean;
  readonly links: readonly ChainLink[];
  /** The numbers of the lines, from 1, that are not as hxllm writes them. */
  readonly damaged: readonly number[];
}

/** Reads the log in a folder. A line that hxllm did not write so is left out. */
export function readChainLog(path: string): ChainLog {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    // A folder in its place has no line.
    if (errorCode(error) === 'EISDIR') return { exists: true, links: [], damaged: [1] };
    if (errorCode(error) !== 'ENOENT') throw error;
    return { exists: false, links: [], damaged: [] };
  }
  const lines = text.split('\n');
  // The last line ends, so nothing is behind it.
  if (lines.at(-1) === '') lines.pop();
  else lines.push('');
  const read = lines.map((line) => {
    const value = parseJson(line);
    const link = isObject(value) ? linkOf(value) : undefined;
    return link !== undefined && lineOf(link) === `${line}\n` ? link : undefined;
  });
  return {
    exists: true,
    links: read.filter((link) => link !== undefined),
    damaged: read.flatMap((link, index) => (link === undefined ? [index + 1] : [])),
  };
}

/** Appends lines to the log, and creates it. */
export function appendChainLog(path: string, links: readonly ChainLink[]): void {
  if (links.length === 0) return;
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = openSync(path, flags, FILE_MODE);
  try {
    // A line that a full disk or a power cut left unfinished gets an end, so that the next one is whole.
    const before = readFileSync(file, 'utf8');
    const start = before === '' || before.endsWith('\n') ? '' : '\n';
    appendFileSync(file, start + links.map(lineOf).join(''));
  } finally {
    closeSync(file);
  }
}

function lineOf({ phase, run, sha256 }: ChainLink): string {
  return `${JSON.stringify({ phase, run, sha256 })}\n`;
}
