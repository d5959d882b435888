import { stringify } from 'yaml';

/** A backend to add. */
export interface NewBackend {
  readonly url: string;
}

/** A model to add. `backends` is set if not all backends have it. */
export interface NewModel {
  readonly name: string;
  readonly model: string;
  readonly backends: readonly string[] | undefined;
  readonly mode: 'chat' | 'embedding';
}

/** The lines of `litellm_backends` in the guide's style. */
export function backendLines(backends: readonly NewBackend[]): readonly string[] {
  return [
    '# The Ollama servers behind the gateway, with addresses that its host can reach.',
    'litellm_backends:',
    ...backends.map((backend) => `  - ${quoted(backend.url)}`),
  ];
}

/** The lines of `litellm_models` in the guide's style. */
export function modelLines(models: readonly NewModel[]): readonly string[] {
  return [
    '# The models: name is the alias for clients, model is the name in Ollama.',
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
