import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { variablesSchema } from '../../config/variables/variables-schema.ts';
import type { JsonSchema } from '../../core/json-schema.ts';
import { eventSchema, runRecordSchema } from '../../evidence/evidence-schema.ts';
import { manifestSchema } from '../../evidence/manifest-schema.ts';
import { configYamlSchema } from '../../schema/document-schema.ts';
import { savedPlanSchema } from '../../phases/enforce/saved/schema.ts';
import { fleetDocumentSchema } from '../../schema/fleet-document.ts';
import { PACKAGE_ROOT } from '../shipping/package-root.ts';
import {
  backendDocumentSchema,
  explainDocumentSchema,
  graphDocumentSchema,
  replayDocumentSchema,
  serviceDocumentSchema,
  trustDocumentSchema,
} from '../views/answer-schemas.ts';
import { commandDocumentSchema } from '../views/document-schema.ts';
import { doctorDocumentSchema } from '../views/doctor.ts';
import { driftDocumentSchema } from '../views/drift.ts';
import { evidenceDocumentSchema } from '../views/evidence-document.ts';
import { keysDocumentSchema, teamsDocumentSchema } from '../views/key-documents.ts';
import { releasesDocumentSchema } from '../views/releases-document.ts';
import { usageDocumentSchema } from '../views/usage.ts';
import { configurationPage } from './configuration-page.ts';

/** The folder of the JSON Schemas, from the package's root. */
export const SCHEMA_FOLDER = 'src/docs/schemas';

/** The JSON Schemas that are published, by the name of their file. */
export const SCHEMAS: Readonly<Record<string, () => JsonSchema>> = {
  'config.schema.json': configYamlSchema,
  'variables.schema.json': variablesSchema,
  'json-output.schema.json': commandDocumentSchema,
  'fleet.schema.json': fleetDocumentSchema,
  'releases.schema.json': releasesDocumentSchema,
  'drift.schema.json': driftDocumentSchema,
  'doctor.schema.json': doctorDocumentSchema,
  'service.schema.json': serviceDocumentSchema,
  'backend.schema.json': backendDocumentSchema,
  'trust.schema.json': trustDocumentSchema,
  'inventory-graph.schema.json': graphDocumentSchema,
  'inventory-explain.schema.json': explainDocumentSchema,
  'fleet-replay.schema.json': replayDocumentSchema,
  'usage.schema.json': usageDocumentSchema,
  'keys.schema.json': keysDocumentSchema,
  'teams.schema.json': teamsDocumentSchema,
  'evidence.schema.json': evidenceDocumentSchema,
  'manifest.schema.json': manifestSchema,
  'plan.schema.json': savedPlanSchema,
  'run.schema.json': runRecordSchema,
  'event.schema.json': eventSchema,
};

/** Every file that is made of records in the code: its text, by its path from the package's root. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const introduction = await readFile(join(PACKAGE_ROOT, 'src/docs/configuration.intro.md'), 'utf8');
  return new Map([
    ['src/docs/configuration.md', configurationPage(introduction)],
    ...Object.entries(SCHEMAS).map(
      ([name, schema]) => [`${SCHEMA_FOLDER}/${name}`, `${JSON.stringify(schema(), undefined, 2)}\n`] as const,
    ),
  ]);
}
