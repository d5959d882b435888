import { CLIENT_KEY_KEYS, END_USER_KEYS, TEAM_KEYS } from '../../config/variables/key-variables.ts';
import { BACKEND_KEYS, MODEL_KEYS, VARIABLES } from '../../config/variables/variables.ts';
import type { KeyDescription } from '../../core/key-description.ts';
import type { Section } from '../../schema/section.ts';
import { LITELLM_PARAMS } from '../../schema/sections/model-list.ts';
import { OLLAMA_OPTIONS } from '../../schema/sections/ollama-options.ts';
import { DOCUMENT } from '../../schema/sections/sections.ts';

/** One row of a table: a key or variable, and the words for its values. */
interface Row extends KeyDescription {
  readonly name: string;
  readonly expected: string;
  readonly required?: boolean | undefined;
}

/** Splits the keys of `litellm_params` into hxllm's and Ollama's, which have a table each. */
const TITLES: readonly (readonly [title: string, path: string, keys?: Section])[] = [
  ['The document', ''],
  ['`model_list`: each entry', 'model_list.*'],
  ['`litellm_params` of an entry', 'model_list.*.litellm_params', LITELLM_PARAMS],
  ['Ollama’s options in `litellm_params`', 'model_list.*.litellm_params', OLLAMA_OPTIONS],
  ['`model_info` of an entry', 'model_list.*.model_info'],
  ['`router_settings`', 'router_settings'],
  ['`litellm_settings`', 'litellm_settings'],
  ['`general_settings`', 'general_settings'],
  ['`hxllm`', 'hxllm'],
  ['`hxllm.keys`: each entry', 'hxllm.keys.*'],
  ['`hxllm.teams`: each entry', 'hxllm.teams.*'],
  ['`hxllm.end_user_limits`', 'hxllm.end_user_limits'],
  ['`hxllm.backends`: each URL', 'hxllm.backends.*'],
  ['`hxllm.timeouts`', 'hxllm.timeouts'],
];

/** The page `configuration`: its introduction, then a table for the variables and for each section of config.yaml. */
export function configurationPage(introduction: string): string {
  const blocks = [
    introduction.trimEnd(),
    '## Variables',
    table(variableRows(VARIABLES)),
    '### `litellm_models`: each entry',
    table(variableRows(MODEL_KEYS)),
    '### `litellm_backends`: each entry that is a mapping',
    table(variableRows(BACKEND_KEYS)),
    '### `litellm_keys`: each entry',
    table(variableRows(CLIENT_KEY_KEYS)),
    '### `litellm_teams`: each entry',
    table(variableRows(TEAM_KEYS)),
    '### `litellm_end_user_limits`',
    table(variableRows(END_USER_KEYS)),
    '## Keys of config.yaml',
    'A number may be in quotes, and any value that is no list or mapping may be `os.environ/NAME`. A key without a value counts as absent.',
    ...TITLES.flatMap(([title, path, keys]) => sectionBlocks(title, path, keys)),
    '<!-- Written by npm run generate, from configuration.intro.md and the records in src/schema/sections/ and src/config/variables/variables.ts. -->',
  ];
  return `${blocks.join('\n\n')}\n`;
}

function sectionBlocks(title: string, path: string, some?: Section): readonly string[] {
  const section = DOCUMENT.find((known) => known.path.join('.') === path);
  if (section === undefined) throw new Error(`config.yaml has no section ${path}`);
  const keys = Object.entries(some ?? section.keys);
  const ignored = keys.filter(([, key]) => !key.honoured).map(([name]) => `\`${name}\``);
  const rows = keys.flatMap(([name, key]): readonly Row[] =>
    key.honoured ? [{ ...key, name, expected: key.kind.expected, required: section.required?.includes(name) }] : [],
  );
  return [
    `### ${title}`,
    table(rows),
    ...(ignored.length === 0 ? [] : [`Keys of LiteLLM that hxllm ignores, with a warning: ${ignored.join(', ')}.`]),
  ];
}

function variableRows(
  records: Readonly<
    Record<string, KeyDescription & { readonly type: { readonly expected: string }; readonly required?: true }>
  >,
): readonly Row[] {
  return Object.entries(records).map(([name, record]) => ({ ...record, name, expected: record.type.expected }));
}

function table(rows: readonly Row[]): string {
  return [
    '| name | value | default | meaning |',
    '|---|---|---|---|',
    ...rows.map(
      ({ name, expected, unit, meaning, ...row }) =>
        `| \`${name}\` | ${cell(unit === undefined ? expected : `${expected} (${unit})`)} | ${cell(defaultOf(row))} | ${cell(meaning)} |`,
    ),
  ].join('\n');
}

function defaultOf({
  required,
  inherits = [],
  default: value,
}: Pick<Row, 'required' | 'inherits' | 'default'>): string {
  if (required === true) return 'required';
  const last = value === undefined ? [] : [value === '' ? 'empty' : `\`${String(value)}\``];
  return [...inherits.map((path) => `\`${path}\``), ...last].join(', else ');
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
