import { documentSchema, type JsonSchema } from '../../core/json-schema.ts';
import { propertiesOf } from './variable-type.ts';
import { VARIABLES } from './variables.ts';

/** The JSON Schema of a file of `group_vars` or `host_vars`. It judges the `litellm_*` variables and leaves all others alone. */
export function variablesSchema(): JsonSchema {
  const known = Object.keys(VARIABLES).join('|');
  return documentSchema('group_vars', 'Variables of hxllm in group_vars and host_vars', {
    description: 'The variables that hxllm reads; any others are accepted, but for those that begin with litellm_.',
    type: ['object', 'null'],
    properties: propertiesOf(VARIABLES),
    patternProperties: {
      [`^litellm_(?!(?:${known.replaceAll('litellm_', '')})$)`]: false,
    },
  });
}
