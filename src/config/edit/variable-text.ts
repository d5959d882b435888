import { stringify } from 'yaml';

/** A backend to write down. */
export interface NewBackend {
  readonly url: string;
}

/** A model to write down; `backends` where not all of them have it. */
export interface NewModel {
  readonly name: string;
  readonly model: string;
  readonly backends: readonly string[] | undefined;
  readonly mode: 'chat' | 'embedding';
}

/** `litellm_backends` as the guide writes it. */
export function backendLines(backends: readonly NewBackend[]): readonly string[] {
  return [
    '# The Ollama servers behind the gateway, as its host reaches them.',
    'litellm_backends:',
    ...backends.map((backend) => `  - ${quoted(backend.url)}`),
  ];
}

/** `litellm_models` as the guide writes it. */
export function modelLines(models: readonly NewModel[]): readonly string[] {
  return [
    '# What clients ask for (name), and what Ollama calls it (model).',
    'litellm_models:',
    ...models.flatMap(linesOf),
  ];
}

function linesOf(model: NewModel): readonly string[] {
  const subset =
    model.backends === undefined ? [] : ['    backends:', ...model.backends.map((url) => `      - ${quoted(url)}`)];
  return [
    `  - name: ${quoted(model.name)}`,
    '    provider: "ollama"',
    `    model: ${quoted(model.model)}`,
    ...(model.mode === 'embedding' ? ['    mode: "embedding"'] : []),
    ...subset,
  ];
}

function quoted(text: string): string {
  return stringify(text, { version: '1.1', defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd();
}
