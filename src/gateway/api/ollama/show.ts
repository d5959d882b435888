import { isObject, textOf, type Json } from '../../json.ts';
import { detailsBody } from './listing.ts';

/** What an alias makes of a model. */
export interface AliasView {
  readonly alias: string;
  readonly options: Json;
  /** How long a conversation may be; `undefined` where nobody knows yet. */
  readonly context: number | undefined;
}

/** What a server says of a model (`/api/show`), as its alias has it: named so, with the options and the context that are fixed for everyone. */
export function showBody(shown: Json, guise: AliasView): Json {
  return {
    ...shown,
    modelfile: modelfileOf(textOf(shown, 'modelfile'), guise),
    parameters: parametersOf(textOf(shown, 'parameters'), guise.options),
    details: detailsBody(shown['details']),
    model_info: infoOf(shown['model_info'], guise.context ?? statedContext(textOf(shown, 'parameters'))),
  };
}

/** The same of a model about which its server says no more than that it has it. */
export function plainShow(guise: AliasView, mode: 'chat' | 'embedding' | undefined, since: Date): Json {
  const info = {
    'general.architecture': 'unknown',
    ...(guise.context === undefined ? {} : { 'unknown.context_length': guise.context }),
  };
  const shown = {
    modelfile: `FROM ${guise.alias}\n`,
    template: '',
    model_info: info,
    capabilities: [mode === 'embedding' ? 'embedding' : 'completion'],
    modified_at: since.toISOString(),
  };
  return showBody(shown, guise);
}

// What FROM and ADAPTER name are files on the server.
function modelfileOf(modelfile: string, { alias, options }: AliasView): string {
  const renamed = modelfile
    .replace(/^# FROM .*$/m, () => `# FROM ${alias}`)
    .replace(/^(?:(?:FROM|ADAPTER) .*\n?)+/m, () => `FROM ${alias}\n`);
  const fixed = linesOf(options).map(([name, value]) => `PARAMETER ${name} ${value}\n`);
  return without(renamed, (name) => new RegExp(`^PARAMETER ${name} .*\\n?`, 'gm'), options) + fixed.join('');
}

function parametersOf(parameters: string, options: Json): string {
  const kept = without(parameters, (name) => new RegExp(`^${name} .*\\n?`, 'gm'), options).trimEnd();
  const fixed = linesOf(options).map(([name, value]) => `${name.padEnd(30)} ${value}`);
  return [...(kept === '' ? [] : [kept]), ...fixed].join('\n');
}

function without(text: string, pattern: (name: string) => RegExp, options: Json): string {
  return Object.keys(options)
    .filter((name) => /^\w+$/.test(name))
    .reduce((rest, name) => rest.replaceAll(pattern(name), ''), text);
}

function linesOf(options: Json): readonly (readonly [name: string, value: string])[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.map((one) => [name, JSON.stringify(one)] as const);
  });
}

// Where the alias says nothing, the model's own file may.
function statedContext(parameters: string): number | undefined {
  const stated = /^num_ctx +(\d+)$/m.exec(parameters)?.[1];
  return stated === undefined ? undefined : Number(stated);
}

function infoOf(info: unknown, context: number | undefined): Json {
  if (!isObject(info)) return {};
  const name = `${textOf(info, 'general.architecture')}.context_length`;
  const trained = info[name];
  // More than it was trained for it does not get.
  return context === undefined
    ? info
    : { ...info, [name]: typeof trained === 'number' ? Math.min(trained, context) : context };
}
