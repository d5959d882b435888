import { resolve } from 'node:path';
import { pathsOf, type HostConfig } from '../../../config/config.ts';
import { shownPath } from '../../../config/shown-path.ts';
import type { Host } from '../../../core/host.ts';
import { ok, type Result } from '../../../core/problem.ts';
import { pluralize } from '../../../core/pluralize.ts';
import { placeOfRun } from '../../../evidence/chain/link.ts';
import { isRunning } from '../../../evidence/running.ts';
import { checkAnchor } from '../../../evidence/verify/anchor.ts';
import { compareAuditLog, type AuditComparison } from '../../../evidence/verify/audit-log.ts';
import type { Finding } from '../../../evidence/verify/finding.ts';
import { verifyEvidence, type Verification } from '../../../evidence/verify/verify.ts';
import { EXIT, exitCodeOfProblems } from '../../exit-code.ts';
import { runAsRoot } from '../../hosts/as-root.ts';
import { withHosts, type HostOptions } from '../../hosts/hosts.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import type { VerifyDocument } from '../../views/evidence-document.ts';
import { createPaint, type Paint } from '../../views/paint.ts';
import { reportProblems } from '../../views/problems.ts';
import { readEvidenceFolder } from './folder.ts';

/** The options of `hxllm evidence verify`. */
export interface VerifyOptions extends HostOptions {
  readonly evidenceDir?: string;
  /** The SHA-256 of a head that was kept elsewhere, or its first digits. */
  readonly head?: string;
  /** Compare with the audit logs of these hosts: a pattern, or `true` for all. */
  readonly host?: string | boolean;
  /** Allowed signers, as ssh-keygen(1) describes them. */
  readonly allowedSigners?: string;
  readonly json?: boolean;
}

interface ComparedHost extends AuditComparison {
  readonly host: string;
  /** Whether the host has an audit log. */
  readonly hasLog: boolean;
  /** Whether hxllm writes one there. */
  readonly keepsLog: boolean;
}

/** Verifies an evidence folder, and shows the differences. Returns the exit code: 1 if there are any. */
export async function verify(terminal: Terminal, options: VerifyOptions): Promise<number> {
  const folder = readEvidenceFolder(terminal, options.evidenceDir);
  if (!folder.ok) {
    reportProblems(terminal, folder.problems);
    return exitCodeOfProblems(folder.problems);
  }
  const me = `${terminal.userName}@${terminal.machineName}`;
  const verified = verifyEvidence(
    folder.value,
    ({ by, pid, at }) => by === me && isRunning(pid, Date.parse(at)),
    signersOf(terminal, options),
  );
  const show = (hosts: readonly ComparedHost[]): number => {
    const anchor = options.head === undefined ? undefined : checkAnchor(options.head, verified.links);
    const findings = [
      ...verified.findings,
      ...(anchor === undefined ? [] : [anchor]),
      ...hosts.flatMap((host) => host.findings),
    ];
    if (options.json === true) print(terminal, folder.value, { ...verified, findings }, hosts);
    else write(terminal, folder.value, { ...verified, findings }, hosts);
    return findings.length > 0 ? EXIT.failed : EXIT.ok;
  };
  if (options.host === undefined || options.host === false) return show([]);
  const limited = typeof options.host === 'string' ? { ...options, limit: options.host } : options;
  return withHosts(terminal, limited, async ({ onAll, signal }) => {
    const { answers, problems } = await onAll((host, config) => compareHost(host, config, verified, signal));
    return { problems, exitCode: show(answers) };
  });
}

function signersOf({ cwd }: Terminal, { allowedSigners }: VerifyOptions): string | undefined {
  return allowedSigners === undefined ? undefined : resolve(cwd, allowedSigners);
}

const READ_MS = 60_000;

// Rotated logs, the oldest first, then the log itself. Where there is none, the exit code says so.
const READ_LOG = `log=$1; [ -e "$log" ] || ls "$log"[.-]* >/dev/null 2>&1 || exit 3
ls -tr "$log"[.-]* 2>/dev/null | while IFS= read -r each; do case $each in *.gz) zcat -- "$each";; *) cat -- "$each";; esac; done
[ ! -e "$log" ] || cat -- "$log"`;

async function compareHost(
  host: Host,
  config: HostConfig,
  { links }: Verification,
  signal: AbortSignal,
): Promise<Result<ComparedHost>> {
  const { name } = config.target;
  const { auditLog } = pathsOf(config.settings);
  const keepsLog = config.settings.serviceManager === 'systemd';
  const args = [auditLog];
  const title = 'read the audit log';
  const ran = await runAsRoot(host, config.become, { script: READ_LOG, args, title, signal, timeoutMs: READ_MS });
  if (!ran.ok) return ran;
  const { exitCode, stdout } = ran.value;
  return ok({ host: name, hasLog: exitCode !== 3, keepsLog, ...compareAuditLog(name, stdout, links) });
}

function print(
  { stdout }: Terminal,
  folder: string,
  { links, findings, notes, unknown }: Verification,
  hosts: readonly ComparedHost[],
): void {
  const document: VerifyDocument = {
    schemaVersion: 1,
    command: 'evidence verify',
    folder,
    runs: links.length,
    head: links.at(-1) ?? null,
    findings,
    notes,
    unknown,
    hosts: hosts.map(({ host, hasLog, confirmed, last, others }) => ({
      host,
      hasLog,
      confirmed,
      last: last ?? null,
      others,
    })),
  };
  stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
}

function write(
  { stdout, environment, cwd }: Terminal,
  folder: string,
  { links, findings, notes, unknown }: Verification,
  hosts: readonly ComparedHost[],
): void {
  const paint = createPaint(environment, stdout.isTty);
  const { signs } = paint;
  const head = links.at(-1);
  const where = `${shownPath(folder, cwd)}: ${pluralize(links.length, 'run')} in the chain`;
  const lines = [
    ...findings.flatMap((finding) => findingLines(finding, paint)),
    findings.length === 0
      ? `${paint.good(signs.pass)} ${where}, everything as it was closed`
      : `${paint.bad(signs.fail)} ${where}, ${pluralize(findings.length, 'difference')}`,
    ...(head === undefined ? [] : [`  head  ${placeOfRun(head)}`, `        ${head.sha256}`]),
    ...hosts.map((host) => `${paint.accent(signs.note)} ${hostText(host, links.length)}`),
    ...notes.map((note) => `${paint.accent(signs.note)} ${note}`),
    ...unknown.map((text) => `${paint.accent(signs.note)} ${text}`),
    ...(unknown.length === 0
      ? []
      : [
          '  Compare with an anchor: --host (the audit logs of the hosts), --head HASH (a head that you kept elsewhere).',
        ]),
  ];
  stdout.write(`${lines.join('\n')}\n`);
}

function findingLines({ kind, path, expected, found }: Finding, { bad, bold, signs }: Paint): readonly string[] {
  return [`${bad(signs.fail)} ${kind} ${bold(path)}`, `  expected  ${expected}`, `  found     ${found}`];
}

function hostText({ host, hasLog, keepsLog, confirmed, last, others }: ComparedHost, runs: number): string {
  if (!hasLog && !keepsLog) return `${host} has no audit log: litellm_service_manager is process, which writes none`;
  if (!hasLog) return `${host} has no audit log: no run of this folder changed it, or the log was removed`;
  const newest = last === undefined ? '' : `, the newest is ${placeOfRun(last)}`;
  const elsewhere =
    others.length === 0
      ? ''
      : `; ${pluralize(others.length, 'run')} of other evidence folders (${others.slice(-3).join(', ')})`;
  return `${host}: its audit log confirms ${String(confirmed)} of ${pluralize(runs, 'run')}${newest}${elsewhere}`;
}
