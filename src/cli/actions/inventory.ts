import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { FileChange } from '../../config/edit/file-change.ts';
import { findVariablePaths } from '../../config/edit/variable-paths.ts';
import type { Config } from '../../config/config.ts';
import { masterKeyOf } from '../../config/requirements.ts';
import { loadConfig } from '../../config/load.ts';
import { shownPath } from '../../config/shown-path.ts';
import { readTargets } from '../../config/targets.ts';
import { errorCode } from '../../core/error.ts';
import type { Target } from '../../core/host.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import { listInWords } from '../../core/pluralize.ts';
import { ok, type Problem, type Result } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';
import { timestampOf } from '../../core/timestamp.ts';
import { INVENTORY as record } from '../../phases/inventory/index.ts';
import { runInventory } from '../../phases/inventory/run.ts';
import type { ScanDocument } from '../../phases/inventory/scan/scan-document.ts';
import { writeChanges } from '../files/write-changes.ts';
import { diffOf } from '../views/diff.ts';
import { runPhase, type PhaseRun } from '../run/run-phase.ts';
import { askServer } from './ask-server.ts';
import { askBackend } from './backend-models.ts';
import { configRequest, failedBy, register, toolsOf, signingKeyOf } from '../run/with-config.ts';
import { nextAfter, typed } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { PhaseOptions, Session } from '../run/session.ts';
import { quarantineStrays, straysOf } from './inventory-strays.ts';
import { newVaultPassword, inventoryPaths } from './new-vault-password.ts';

/** The options of inventory. */
export interface InventoryCommandOptions extends PhaseOptions {
  readonly init?: string;
  readonly backend?: readonly string[] | undefined;
  readonly vaultInit?: boolean | undefined;
  readonly quarantine?: boolean | undefined;
  readonly scan?: boolean | undefined;
}

/** Runs inventory: judges the operator's files, shows their changes, asks, and writes all or none. `keyNeeded`: a master key that cannot be read is a failure. */
export async function runInventoryCommand(
  session: Session,
  host: string | undefined,
  options: InventoryCommandOptions,
  keyNeeded: boolean,
): Promise<PhaseOutcome> {
  const after = nextAfter(session, 'validate');
  let scan: ScanDocument | undefined;
  const outcome = await runPhase(
    session,
    { ...record, next: (ended) => keyFirst(session, ended) ?? after(ended) },
    async (run) => {
      const report = await draftAndWrite(session, run, host, options, (found) => void (scan = found));
      return keyNeeded && report.ending === 'passed' ? withKey(session, report) : report;
    },
  );
  return scan === undefined ? outcome : { ...outcome, scan };
}

/** If only the master key is missing, the next command creates it. */
function keyFirst(session: Session, { ending, results }: PhaseOutcome): string | undefined {
  const fix = results.find(({ id, outcome }) => id === 'inventory.vault' && outcome === 'fail')?.fix;
  if (fix === undefined || ending !== 'passed' || session.within !== undefined) return undefined;
  return fix.startsWith('hxllm ') ? typed(session, fix.slice('hxllm '.length)) : fix;
}

async function draftAndWrite(
  session: Session,
  run: PhaseRun,
  host: string | undefined,
  options: InventoryCommandOptions,
  onScan: (scan: ScanDocument) => void,
): Promise<PhaseReport> {
  const paths = await inventoryPaths(session);
  if (!paths.ok) return failedBy(paths.problems);
  const config = await configIfAny(session, options.init !== undefined, options.scan === true);
  if (!config.ok) return failedBy(config.problems);
  run.about({
    hosts: config.value?.hosts.map(({ target }) => target.name) ?? [],
    files: config.value?.files ?? [],
    warnings: config.value?.warnings ?? [],
    signingKey: signingKeyOf(session, { hosts: config.value?.hosts ?? [] }),
  });
  const tools = toolsOf(session, run.tools);
  const { inventoryFile, variablesFolder } = config.value ?? paths.value;
  // An existing vault is refused before the password is needed, so do not ask for one.
  const wanted =
    options.vaultInit === true && !existsSync(findVariablePaths(variablesFolder, config.value?.files ?? []).vault);
  const password = wanted
    ? await newVaultPassword(session, paths.value)
    : ok({ password: new Secret(Buffer.alloc(0)), id: 'default' });
  if (!password.ok) return failedBy(password.problems);
  if (wanted) session.vault.give(password.value.password);
  const strays = config.value === undefined ? [] : await straysOf(session);
  const masterKey = new Secret(`sk-${randomBytes(32).toString('hex')}`);
  session.redaction.add(masterKey);
  const report = await runInventory(
    {
      config: config.value,
      inventoryFile,
      variablesFolder,
      cwd: session.terminal.cwd,
      init: options.init,
      host,
      backends: options.backend ?? [],
      vaultInit: options.vaultInit === true ? password.value : undefined,
      masterKey,
      strays,
      read: readText,
      ...(options.scan === true
        ? { scan: { hosts: config.value?.servers, askServer: (url) => askServer(url, session.signal) } }
        : {}),
      askBackend: (url) => askBackend(url, session.signal),
      targetOf: (name) => targetOf(session, name),
    },
    tools,
  );
  if (report.scan !== undefined) onScan(session.redaction.data(report.scan) as ScanDocument);
  const dryRun = options.dryRun ?? false;
  const written =
    report.edits.length === 0 || report.ending === 'aborted'
      ? report
      : await showAndWrite(session, run, report, report.edits, dryRun, tools);
  // `up` changes what the gateway needs, and nothing else.
  return session.within === undefined && ['passed', 'pending'].includes(written.ending)
    ? quarantineStrays(session, run, written, strays, { quarantine: options.quarantine, dryRun })
    : written;
}

async function showAndWrite(
  session: Session,
  run: PhaseRun,
  report: PhaseReport,
  edits: readonly FileChange[],
  dryRun: boolean,
  { recorder, confirm }: PhaseTools,
): Promise<PhaseReport> {
  const shown = edits.map((edit) => ({ edit, path: shownPath(edit.path, session.terminal.cwd) }));
  for (const { edit, path } of shown) {
    const diff = diffOf(edit, path);
    run.diff(diff);
    recorder.file(`changes/${path}.diff`, diff);
  }
  if (dryRun) return report;
  const names = listInWords(shown.map(({ path }) => path));
  if (!(await confirm({ question: `Write ${names}?` }))) return { ...report, ending: 'declined', changes: 0 };
  const written = await writeChanges(edits, timestampOf(session.terminal.nowMs()));
  for (const { edit, path } of shown) {
    recorder.event({
      kind: 'step',
      host: '-',
      id: `file:${path}`,
      title: `${edit.before === undefined ? 'wrote' : 'changed'} ${path}`,
      state: written.ok ? 'done' : 'failed',
    });
  }
  if (!written.ok)
    return { ...report, ending: 'failed', problems: [...report.problems, ...written.problems], changes: 0 };
  return { ...report, ending: report.ending === 'pending' ? 'passed' : report.ending };
}

async function configIfAny(
  session: Session,
  mayBeMissing: boolean,
  withServers: boolean,
): Promise<Result<Config | undefined>> {
  const loaded = await loadConfig({ ...configRequest(session, withServers), servers: withServers });
  if (loaded.ok) register(session, loaded.value);
  return !loaded.ok && mayBeMissing && loaded.problems.every(({ code }) => code === 'inventory.not-found')
    ? ok(undefined)
    : loaded;
}

/** The connection to a host of the inventory, or to an address that it lacks. */
async function targetOf(session: Session, name: string): Promise<Result<Target>> {
  const read = await readTargets(configRequest(session), [name]);
  if (!read.ok) return read;
  const [target] = read.value.targets;
  if (target === undefined) throw new Error(`a name without a target: ${name}`);
  return ok(target);
}

/** The later phases need the key. If only the key is missing, the fix is the command that creates it. */
async function withKey(session: Session, report: PhaseReport): Promise<PhaseReport> {
  const loaded = await loadConfig(configRequest(session));
  if (!loaded.ok) return { ...report, ending: 'failed', problems: loaded.problems };
  register(session, loaded.value);
  const again = typed(session, session.within ?? 'enforce');
  const problems = loaded.value.hosts.flatMap((host): readonly Problem[] => {
    const key = masterKeyOf(host, again);
    if (key.ok) return [];
    return host.settings.masterKey.state === 'absent'
      ? key.problems.map((problem) => ({ ...problem, fix: `${again} --vault-init` }))
      : key.problems;
  });
  return problems.length === 0 ? report : { ...report, ending: 'failed', problems };
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return undefined;
    throw error;
  });
}
