import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commandDocumentSchema } from '../src/cli/views/document-schema.ts';
import { eventSchema, runRecordSchema } from '../src/evidence/evidence-schema.ts';
import { parseManifest } from '../src/evidence/manifest.ts';
import { manifestSchema } from '../src/evidence/manifest-schema.ts';
import { assertValid } from './json-schema.ts';

const RUN_RECORD = runRecordSchema();
const EVENT = eventSchema();
const MANIFEST = manifestSchema();
const COMMAND_DOCUMENT = commandDocumentSchema();

/** Fails unless every run.json, every manifest.json and every line of every events.jsonl below a folder is as its published schema says. Returns their number. */
export function assertValidEvidence(folder: string): number {
  let documents = 0;
  const check = (schema: typeof EVENT, text: string, name: string): void => {
    assertValid(schema, JSON.parse(text), name);
    documents += 1;
  };
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const find = (name: string): readonly string[] => files.filter((file) => basename(file) === name);
  for (const file of find('run.json')) check(RUN_RECORD, readFileSync(join(folder, file), 'utf8'), file);
  for (const file of find('manifest.json')) {
    const text = readFileSync(join(folder, file), 'utf8');
    // Some tests damage them on purpose.
    if (parseManifest(text) !== undefined) check(MANIFEST, text, file);
  }
  for (const file of find('events.jsonl'))
    for (const [index, line] of readFileSync(join(folder, file), 'utf8').trimEnd().split('\n').entries())
      check(EVENT, line, `${file}:${String(index + 1)}`);
  return documents;
}

/** Fails unless a text is one document as `--json` prints it. */
export function assertValidDocument(text: string): void {
  assertValid(COMMAND_DOCUMENT, JSON.parse(text), '--json');
}
