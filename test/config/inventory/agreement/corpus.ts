import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { generateCase, type Case } from './generate.ts';
import { parseExact } from './listed.ts';

const FILE = join(import.meta.dirname, 'corpus.json.br');

/** The seeds of the corpus: 1 to this one. */
export const SEEDS = 600;

/** The listings of one case by two versions of ansible-core; null where one exits with an error. */
export interface RecordedCase {
  readonly seed: number;
  /** Of the generated files, so that a changed generator is noticed. */
  readonly digest: string;
  /** By version, such as `2.14`. */
  readonly listings: Readonly<Record<string, unknown>>;
}

/** Every case of the corpus. */
export function generateCases(count = SEEDS): readonly Case[] {
  return Array.from({ length: count }, (_, index) => generateCase(index + 1));
}

/** Identifies the files and options of a case. */
export function digestOf(one: Case): string {
  return createHash('sha256').update(JSON.stringify(one)).digest('hex').slice(0, 16);
}

/** The recorded cases; empty if none is recorded yet. */
export function readCorpus(): readonly RecordedCase[] {
  if (!existsSync(FILE)) return [];
  // Written by `writeCorpus`.
  return parseExact(brotliDecompressSync(readFileSync(FILE)).toString('utf8')) as readonly RecordedCase[];
}

/** Writes the recorded cases. */
export function writeCorpus(cases: readonly RecordedCase[]): void {
  writeFileSync(FILE, brotliCompressSync(JSON.stringify(cases)));
}
