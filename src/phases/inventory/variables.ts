import { readAddresses } from '../../config/edit/backend-address.ts';
import { EXAMPLE_VARIABLES, NEW_VARIABLES } from '../../config/edit/layout.ts';
import { schemaFileBeside, schemaFileText } from '../../config/edit/schema-file.ts';
import { findVariablePaths, plainVariablesFile, type VariablePaths } from '../../config/edit/variable-paths.ts';
import { backendLines, modelLines, type NewModel } from '../../config/edit/variable-text.ts';
import { addVariable } from '../../config/edit/variables-edit.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { ok, type Result } from '../../core/problem.ts';
import { modelsOf, type Served } from './alias.ts';
import type { Drafts } from './drafts.ts';
import type { InventoryRequest } from './request.ts';
import { askThroughGateway } from './through-gateway.ts';
import {
  knownHosts,
  listState,
  type ListState,
  type InventorySubject,
  type Relayed,
  type Unanswered,
} from './subject.ts';

/** The files with the variables of all hosts. Without a configuration they are looked for on disk. */
export async function variablePaths(request: InventoryRequest, drafts: Drafts): Promise<VariablePaths> {
  if (request.config !== undefined) return findVariablePaths(request.variablesFolder, request.config.files);
  const there: string[] = [];
  const { alternatives } = findVariablePaths(request.variablesFolder, []);
  for (const path of alternatives) if ((await drafts.text(path)) !== undefined) there.push(path);
  return findVariablePaths(request.variablesFolder, there);
}

/** The state of the two lists, and the entries that were added. */
export interface DraftedVariables extends Pick<InventorySubject, 'backends' | 'models' | 'unlisted'> {
  /** The file for new variables; absolute. */
  readonly file: string;
  readonly addedModels: readonly NewModel[];
}

/** Drafts the missing ones of the two lists and returns their state. Existing entries are never changed. */
export async function draftVariables(
  request: InventoryRequest,
  joining: string | undefined,
  paths: VariablePaths,
  drafts: Drafts,
  tools: PhaseTools,
): Promise<Result<DraftedVariables>> {
  const given = readAddresses(request.backends);
  if (!given.ok) return given;
  const hosts = knownHosts(request.config, joining);
  const file = await plainVariablesFile(paths, (path) => drafts.text(path));
  const isNew = (await drafts.text(file)) === undefined;
  let backends = listState(hosts, 'litellm_backends', (settings) => settings.backends?.map((backend) => backend.url));
  let models = listState(hosts, 'litellm_models', (settings) => settings.models?.map((model) => model.name));
  if (backends.state === 'missing' && given.value.length > 0) {
    const added = await draft(file, 'litellm_backends', backendLines(given.value.map((url) => ({ url }))), drafts);
    if (!added.ok) return added;
    backends = { state: 'added', entries: given.value, file: drafts.shown(file) };
  }
  const urls = backends.state === 'defined' || backends.state === 'added' ? backends.entries : [];
  const fleet =
    models.state === 'missing' ? await askFleet(urls, request, tools) : { models: [], unanswered: [], relayed: [] };
  if (fleet.models.length > 0) {
    const added = await draft(file, 'litellm_models', modelLines(fleet.models), drafts);
    if (!added.ok) return added;
    models = { state: 'added', entries: fleet.models.map((model) => model.name), file: drafts.shown(file) };
  }
  // A new inventory gets example variables to fill in.
  if (request.config === undefined && (await drafts.text(file)) === undefined)
    await drafts.write(file, NEW_VARIABLES + EXAMPLE_VARIABLES);
  await draftSchema(file, isNew, drafts);
  return ok({
    backends,
    models: { ...models, unanswered: fleet.unanswered, relayed: fleet.relayed },
    unlisted: unlisted(given.value, backends),
    file,
    addedModels: models.state === 'added' ? fleet.models : [],
  });
}

/** Writes the JSON Schema beside a variables file that names it, and brings an older one up to date. */
async function draftSchema(file: string, isNew: boolean, drafts: Drafts): Promise<void> {
  const schema = schemaFileBeside(file);
  const wanted = isNew ? (await drafts.text(file)) !== undefined : (await drafts.text(schema)) !== undefined;
  if (wanted) await drafts.writeGenerated(schema, schemaFileText());
}

function unlisted(given: readonly string[], backends: ListState): readonly string[] {
  return backends.state === 'defined' ? given.filter((url) => !backends.entries.includes(url)) : [];
}

async function draft(file: string, name: string, lines: readonly string[], drafts: Drafts): Promise<Result<void>> {
  const after = await addVariable(
    { text: (await drafts.text(file)) ?? NEW_VARIABLES, file: drafts.shown(file) },
    name,
    lines,
  );
  if (!after.ok) return after;
  await drafts.write(file, after.value);
  return ok(undefined);
}

/**
 * Asks all backends for their models at once, those that this machine does not reach from the gateway's host, and makes aliases from the
 * answers in the order of the list.
 */
async function askFleet(
  urls: readonly string[],
  request: InventoryRequest,
  tools: PhaseTools,
): Promise<Pick<InventorySubject['models'], 'unanswered' | 'relayed'> & { readonly models: readonly NewModel[] }> {
  const answers = await Promise.all(urls.map(async (url) => ({ url, answer: await request.askBackend(url) })));
  const silent = answers.flatMap(({ url, answer }) => (answer.ok ? [] : [{ url, problem: answer.problems[0] }]));
  const again = await askThroughGateway(silent, request, false, tools);
  const served = new Map<string, string[]>();
  const unanswered: Unanswered[] = [];
  const relayed: Relayed[] = [];
  for (const { url, answer } of answers) {
    const relay = again.get(url);
    if (relay?.ok === true) relayed.push({ url, from: relay.value.from });
    const names = relay?.ok === true ? relay.value.models.map(({ name }) => name) : answer.ok ? answer.value : [];
    for (const model of new Set(names)) served.set(model, [...(served.get(model) ?? []), url]);
    if (relay?.ok === false) unanswered.push({ url, problem: relay.problems[0] });
  }
  const list: readonly Served[] = [...served].map(([model, backends]) => ({ model, backends }));
  return { models: modelsOf(list, urls), unanswered, relayed };
}
