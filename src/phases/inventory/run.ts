import type { MasterKey, Model } from '../../config/config.ts';
import type { FileChange } from '../../config/edit/file-change.ts';
import { judgeAll } from '../../core/check.ts';
import { sha256 } from '../../core/hash.ts';
import type { PhaseTools } from '../../core/phase.ts';
import { fail, ok, type Failure, type Problem, type Result } from '../../core/problem.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { INVENTORY_CHECKS } from './checks.ts';
import { Drafts } from './drafts.ts';
import { chooseHost, draftGroup } from './group.ts';
import type { InventoryReport, InventoryRequest } from './request.ts';
import { knownHosts, type InventorySubject } from './subject.ts';
import { scanAndDraft } from './scan/index.ts';
import type { ListHost, ListPlaces } from './scan/draft.ts';
import { askThroughGateway } from './through-gateway.ts';
import { draftVariables, variablePaths, type DraftedVariables } from './variables.ts';
import { draftVault, MAKE_KEY } from './vault.ts';

export type { InventoryReport, InventoryRequest } from './request.ts';

/**
 * Judges the operator's files and drafts the missing parts: group, lists, vault. Writes nothing; the report holds the
 * changes. A second run over the written files finds nothing to change.
 */
export async function runInventory(request: InventoryRequest, tools: PhaseTools): Promise<InventoryReport> {
  const drafts = new Drafts(request.read, request.cwd);
  const drafted = await draftAll(request, drafts, tools);
  if (tools.signal.aborted) return { ending: 'aborted', results: [], problems: [], changes: 0, edits: [] };
  if (!drafted.ok) return { ending: 'failed', results: [], problems: drafted.problems, changes: 0, edits: [] };
  const { subject, variables } = drafted.value;
  const scanned =
    request.scan === undefined
      ? undefined
      : await scanAndDraft(
          {
            ...request.scan,
            throughGateway: (unanswered) => askThroughGateway(unanswered, request, true, tools),
          },
          listPlaces(request, variables, drafts),
          drafts,
          tools,
        );
  if (tools.signal.aborted) return { ending: 'aborted', results: [], problems: [], changes: 0, edits: [] };
  const results = [...judgeAll(INVENTORY_CHECKS, subject, '-'), ...(scanned?.results ?? [])];
  const edits = drafts.edits();
  report(results, edits, { ...subject, notes: scanned?.notes ?? [] }, drafts, tools);
  return {
    ending: results.some(failsPhase) ? 'failed' : edits.length > 0 ? 'pending' : 'passed',
    results,
    problems: [],
    changes: edits.length,
    edits,
    ...(scanned === undefined ? {} : { scan: scanned.document }),
  };
}

/** The lists of all hosts, those of this run included. */
function listPlaces(
  request: InventoryRequest,
  { file, backends, addedModels }: DraftedVariables,
  drafts: Drafts,
): ListPlaces {
  const where = { file: drafts.shown(file) };
  const added = {
    ...(backends.state === 'added'
      ? { backends: backends.entries.map((url) => ({ url, numParallel: undefined })) }
      : {}),
    ...(addedModels.length > 0 ? { models: addedModels.map(modelOf) } : {}),
  };
  const known = knownHosts(request.config, chooseHost(request).joining);
  const hosts: readonly ListHost[] =
    known.length > 0 ? known : [{ settings: { backends: undefined, models: undefined }, origins: {} }];
  return {
    files: [file, ...(request.config?.files ?? [])],
    hosts: hosts.map(({ settings, origins }) => ({
      settings: { backends: settings.backends ?? added.backends, models: settings.models ?? added.models },
      origins: { litellm_backends: where, litellm_models: where, ...origins },
    })),
  };
}

function modelOf({ name, model, backends, mode }: DraftedVariables['addedModels'][number]): Model {
  return { name, model, backends, mode, provider: 'ollama', numCtx: undefined, keepAlive: undefined, options: {} };
}

interface Drafted {
  readonly subject: InventorySubject;
  readonly variables: DraftedVariables;
}

async function draftAll(request: InventoryRequest, drafts: Drafts, tools: PhaseTools): Promise<Result<Drafted>> {
  if (request.config === undefined && request.init === undefined)
    return nothingThere(drafts.shown(request.inventoryFile));
  const paths = await variablePaths(request, drafts);
  const { joining } = chooseHost(request);
  const group = await draftGroup(request, drafts);
  if (!group.ok) return group;
  const variables = await draftVariables(request, joining, paths, drafts, tools);
  if (!variables.ok) return variables;
  const vault = await draftVault(request, keyOf(request, joining), paths, drafts);
  const strays = request.strays.map(({ path, kind, secrets, isRead }) => ({
    file: drafts.shown(path),
    kind,
    secrets,
    isRead,
  }));
  return vault.ok
    ? ok({
        subject: {
          begun: request.config === undefined,
          group: group.value,
          ...variables.value,
          ...vault.value,
          strays,
        },
        variables: variables.value,
      })
    : vault;
}

/** The state of the key for the first host without one, else for all hosts. */
function keyOf(request: InventoryRequest, joining: string | undefined): MasterKey {
  const keys = knownHosts(request.config, joining).map((host) => host.settings.masterKey);
  return keys.find((key) => key.state !== 'set') ?? keys[0] ?? { state: 'absent' };
}

function nothingThere(file: string): Failure {
  const problem: Problem = {
    code: 'inventory.not-found',
    summary: 'there is no inventory',
    detail: `Expected an Ansible inventory, found no file ${file}.`,
    fix: 'hxllm inventory --init HOST  # or name an existing one with -i FILE',
    where: { file },
  };
  return fail(problem);
}

function report(
  results: readonly CheckResult[],
  edits: readonly FileChange[],
  subject: InventorySubject & { readonly notes: readonly string[] },
  drafts: Drafts,
  { recorder }: PhaseTools,
): void {
  for (const result of results) recorder.event({ kind: 'check', result });
  for (const edit of edits) {
    const file = drafts.shown(edit.path);
    recorder.event({
      kind: 'step',
      host: '-',
      id: `file:${file}`,
      title: `${edit.before === undefined ? 'write' : edit.generated === true ? 'update' : 'add to'} ${file}`,
      state: 'planned',
    });
  }
  for (const text of subject.notes) recorder.event({ kind: 'note', text });
  if (edits.length === 0) recorder.event({ kind: 'note', text: 'no changes needed' });
  for (const text of advice(subject)) recorder.event({ kind: 'note', text });
  recorder.file(
    'changes.json',
    edits.map((edit) => ({
      file: drafts.shown(edit.path),
      kind: edit.before === undefined ? 'new' : 'changed',
      secret: edit.secret,
      sha256: { before: edit.before === undefined ? null : sha256(edit.before), after: sha256(edit.after) },
    })),
  );
}

function advice({ key, vault }: InventorySubject): readonly string[] {
  if (key.state !== 'absent') return [];
  const byHand = `${MAKE_KEY}, then ansible-vault ${vault.exists ? 'edit' : 'create'} ${vault.file}, with the line litellm_master_key: "sk-…"`;
  return [
    vault.exists
      ? `the master key is missing in ${vault.file}. Add it: ${byHand}.`
      : `the master key is missing. Create it: hxllm inventory --vault-init. By hand: ${byHand}.`,
  ];
}
