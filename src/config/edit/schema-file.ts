import { dirname, join } from 'node:path';
import { schemaLine } from '../../core/json-schema.ts';
import { variablesSchema } from '../variables/variables-schema.ts';

// Ansible and hxllm skip hidden files in group_vars; any other name that ends in .json would be read as variables.
const NAME = '.hxllm.schema.json';

/** The first line of a new variables file: it names the JSON Schema beside it for editors. */
export const SCHEMA_LINE = schemaLine(`./${NAME}`);

/** The path of the JSON Schema beside a variables file. */
export function schemaFileBeside(variablesFile: string): string {
  return join(dirname(variablesFile), NAME);
}

/** The text of that file. */
export function schemaFileText(): string {
  return `${JSON.stringify(variablesSchema(), undefined, 2)}\n`;
}
