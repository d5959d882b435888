import { isObject, textOf, type Json } from '../../json.ts';
import { detailsBody } from './listing.ts';

/** The name and the settings of an alias, for `/api/show`. */
export interface AliasView {
  readonly alias: string;
  readonly options: Json;
  /** The context length of the alias; `undefined` if it is not known yet. */
  readonly context: number | undefined;
}

/** A server's response to `/api/show`, under the name of the alias and with the options and the context that the alias fixes. */
export function showBody(serverInfo: Json, view: AliasView): Json {
  return {
    ...serverInfo,
    modelfile: modelfileOf(textOf(serverInfo, 'modelfile'), view),
    parameters: parametersOf(textOf(serverInfo, 'parameters'), view.options),
    details: detailsBody(serverInfo['details']),
    model_info: modelInfoOf(serverInfo['model_info'], view.context ?? statedContext(textOf(serverInfo, 'parameters'))),
  };
}

/** The body of `/api/show` for a model whose server reports only that it has it. */
export function minimalShowBody(view: AliasView, mode: 'chat' | 'embedding' | undefined, since: Date): Json {
  const info = {
    'general.architecture': 'unknown',
    ...(view.context === undefined ? {} : { 'unknown.context_length': view.context }),
  };
  const serverInfo = {
    modelfile: `FROM ${view.alias}\n`,
    template: '',
    model_info: info,
    capabilities: [mode === 'embedding' ? 'embedding' : 'completion'],
    modified_at: since.toISOString(),
  };
  return showBody(serverInfo, view);
}

// FROM and ADAPTER name files on the server, so they are replaced.
function modelfileOf(modelfile: string, { alias, options }: AliasView): string {
  const renamed = modelfile
    .replace(/^# FROM .*$/m, () => `# FROM ${alias}`)
    .replace(/^(?:(?:FROM|ADAPTER) .*\n?)+/m, () => `FROM ${alias}\n`);
  const fixed = optionLines(options).map(([name, value]) => `PARAMETER ${name} ${value}\n`);
  return withoutOptions(renamed, (name) => new RegExp(`^PARAMETER ${name} .*\\n?`, 'gm'), options) + fixed.join('');
}

function parametersOf(parameters: string, options: Json): string {
  const kept = withoutOptions(parameters, (name) => new RegExp(`^${name} .*\\n?`, 'gm'), options).trimEnd();
  const fixed = optionLines(options).map(([name, value]) => `${name.padEnd(30)} ${value}`);
  return [...(kept === '' ? [] : [kept]), ...fixed].join('\n');
}

function withoutOptions(text: string, pattern: (name: string) => RegExp, options: Json): string {
  return Object.keys(options)
    .filter((name) => /^\w+$/.test(name))
    .reduce((rest, name) => rest.replaceAll(pattern(name), ''), text);
}

function optionLines(options: Json): readonly (readonly [name: string, value: string])[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((one) => [name, JSON.stringify(one)] as const);
  });
}

/** Contexts of a model that do not change with its load, in tokens; `undefined` where neither alias nor server states one. */
export interface ModelContexts {
  /** By the alias, else by the modelfile. */
  readonly stated: number | undefined;
  /** The longest that the model was trained for, or that its server takes. */
  readonly trained: number | undefined;
}

/** The contexts in a server's answer for a model, and in the options of its alias. */
export function contextsOf(serverInfo: Json, options: Json): ModelContexts {
  const { num_ctx: fixed } = options;
  const info = serverInfo['model_info'];
  const trained = isObject(info) ? info[`${textOf(info, 'general.architecture')}.context_length`] : undefined;
  return {
    stated: typeof fixed === 'number' ? fixed : statedContext(textOf(serverInfo, 'parameters')),
    trained: typeof trained === 'number' ? trained : undefined,
  };
}

// The modelfile may set the context length if the alias does not.
function statedContext(parameters: string): number | undefined {
  const stated = /^num_ctx +(\d+)$/m.exec(parameters)?.[1];
  return stated === undefined ? undefined : Number(stated);
}

function modelInfoOf(info: unknown, context: number | undefined): Json {
  if (!isObject(info)) return {};
  const name = `${textOf(info, 'general.architecture')}.context_length`;
  const trained = info[name];
  // The context is never longer than the model was trained for.
  return context === undefined
    ? info
    : { ...info, [name]: typeof trained === 'number' ? Math.min(trained, context) : context };
}
