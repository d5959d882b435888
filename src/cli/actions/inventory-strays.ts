import { join } from 'node:path';
import { readAnsibleSettings, type AnsibleSettings } from '../../config/ansible-cfg/settings.ts';
import { Findings } from '../../config/findings.ts';
import { openInventory, sourcesOf, type ConfigRequest } from '../../config/load.ts';
import { inventoryFolders } from '../../config/inventory/sources.ts';
import { shownPath } from '../../config/shown-path.ts';
import { SourceFiles } from '../../config/source-files.ts';
import { findStrays } from '../../config/strays/find-strays.ts';
import type { Stray } from '../../config/strays/stray.ts';
import { Keyring } from '../../config/vault/keyring.ts';
import { passwordSources } from '../../config/vault/sources.ts';
import { ok, type Result } from '../../core/problem.ts';
import type { PhaseReport } from '../../core/phase.ts';
import type { StepState } from '../../core/recorder.ts';
import { pluralize } from '../../core/pluralize.ts';
import { timestampOf } from '../../core/timestamp.ts';
import { INVENTORY as record } from '../../phases/inventory/index.ts';
import { moveToQuarantine } from '../files/quarantine.ts';
import { restoreFromQuarantine } from '../files/restore.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import { runPhase, type PhaseRun } from '../run/run-phase.ts';
import { asks, type Session } from '../run/session.ts';
import { configRequest, failedBy } from '../run/with-config.ts';

/** Files beside the inventory that hold secrets where they should not; empty if the inventory cannot be read. */
export async function straysOf(session: Session): Promise<readonly Stray[]> {
  const request = configRequest(session);
  const opened = await openInventory(request, new Findings());
  if (!opened.ok) return [];
  const { sources, inventory, inventoryFiles, settings } = opened.value;
  const search = {
    inventory,
    inventoryFiles,
    ignored: settings.ignoredInventories,
    passwordFiles: passwordFilesOf(request, settings),
  };
  const strays = await Promise.all(inventoryFolders(sources).map((folder) => findStrays({ ...search, folder })));
  return strays.flat();
}

function passwordFilesOf(request: ConfigRequest, settings: AnsibleSettings): readonly string[] {
  return [...passwordSources(request, settings).map(({ path }) => path), settings.become.passwordFile].filter(
    (path) => path !== undefined,
  );
}

/**
 * Moves the strays that nothing reads into the quarantine: with `--quarantine`, or after a yes on a terminal. `--yes` alone moves
 * none. The evidence has their hashes and former places.
 */
export async function quarantineStrays(
  session: Session,
  { tools: { recorder, nowMs } }: PhaseRun,
  report: PhaseReport,
  strays: readonly Stray[],
  options: { readonly quarantine?: boolean | undefined; readonly dryRun: boolean },
): Promise<PhaseReport> {
  const unread = strays.filter(({ isRead }) => !isRead);
  if (unread.length === 0 || report.ending === 'aborted') return report;
  const { cwd } = session.terminal;
  const wanted = options.quarantine === true || (asks(session) && !options.dryRun);
  if (!wanted) return report;
  const step = ({ path, folder }: Stray, state: StepState, target = join(folder, '.quarantine')): void => {
    const file = shownPath(path, cwd);
    const title = `${state === 'done' ? 'moved' : 'move'} ${file} to ${shownPath(target, cwd)}`;
    recorder.event({ kind: 'step', host: '-', id: `quarantine:${file}`, title, state });
  };
  for (const stray of unread) step(stray, 'planned');
  if (options.dryRun)
    return {
      ...report,
      ending: report.ending === 'passed' ? 'pending' : report.ending,
      changes: report.changes + unread.length,
    };
  if (asks(session) && !(await confirmMove(session, unread))) return report;
  let changes = report.changes;
  let number = 0;
  for (const [folder, files] of Map.groupBy(unread, (stray) => stray.folder)) {
    const requests = files.map(({ path, sha256, kind }) => ({ path, sha256, reason: REASONS[kind] }));
    const moved = await moveToQuarantine(folder, timestampOf(nowMs()), requests);
    for (const stray of files) step(stray, moved.ok ? 'done' : 'failed', moved.ok ? moved.value.folder : undefined);
    if (!moved.ok) return { ...report, ending: 'failed', problems: [...report.problems, ...moved.problems], changes };
    changes += files.length;
    const shown = shownPath(moved.value.folder, cwd);
    recorder.file(`quarantine-${String((number += 1))}.json`, { folder: shown, files: moved.value.files });
    const [first] = moved.value.files;
    recorder.event({
      kind: 'note',
      text: `to put a file back: hxllm inventory --restore ${shown}/${first?.from ?? 'FILE'}`,
    });
  }
  return { ...report, changes };
}

const REASONS: Readonly<Record<Stray['kind'], string>> = {
  encrypted: 'encrypted, and nothing reads it',
  'vault-name': 'named like a vault, not encrypted, and nothing reads it',
  secrets: 'secrets in plain text, and nothing reads it',
};

async function confirmMove({ view, terminal, redaction, signal }: Session, unread: readonly Stray[]): Promise<boolean> {
  view.pause();
  const names = unread.map(({ path }) => shownPath(path, terminal.cwd)).join(', ');
  return terminal.askYesNo(
    redaction.text(
      `Move ${pluralize(unread.length, 'file')} that nothing reads (${names}) to .quarantine beside the inventory?`,
    ),
    signal,
  );
}

/** The folders that may have a quarantine, whether or not their inventories can be read. */
async function foldersOf(session: Session): Promise<Result<readonly string[]>> {
  const request = configRequest(session);
  const settings = await readAnsibleSettings(request, new SourceFiles(request.cwd, new Keyring([])), new Findings());
  return settings.ok ? ok(inventoryFolders(sourcesOf(request, settings.value))) : settings;
}

/** Puts a file of the quarantine back to its former place. */
export function runRestore(session: Session, named: string): Promise<PhaseOutcome> {
  return runPhase(session, { ...record, next: () => undefined }, async ({ tools: { recorder } }) => {
    const { cwd } = session.terminal;
    const folders = await foldersOf(session);
    if (!folders.ok) return failedBy(folders.problems);
    const restored = await restoreFromQuarantine(folders.value, named, cwd);
    if (!restored.ok) return failedBy(restored.problems);
    const { path, already, sha256 } = restored.value;
    const file = shownPath(path, cwd);
    recorder.event({
      kind: 'step',
      host: '-',
      id: `restore:${file}`,
      title: already ? `${file} is back already` : `put ${file} back`,
      state: 'done',
    });
    recorder.file('restored.json', { file, sha256, already });
    return { ending: 'passed', results: [], problems: [], changes: already ? 0 : 1 };
  });
}
