import { resolve } from 'node:path';
import type { Config } from '../../config/config.ts';
import { loadConfig, type ConfigRequest } from '../../config/load.ts';
import { isSudo } from '../../core/become.ts';
import { FORKS } from '../../core/parallel.ts';
import type { PhaseReport, PhaseTools } from '../../core/phase.ts';
import type { Problem } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import { createConnect } from '../../remote/connect.ts';
import { fileRequest } from '../vault/request.ts';
import { trustCommand, withOpenSsh } from './next.ts';
import type { PhaseRun } from './run-phase.ts';
import type { Session } from './session.ts';

/** The use that a phase makes of the hosts. */
export interface HostUse {
  /** It sends secrets to them: hosts whose keys are not checked are named. */
  readonly sends?: boolean;
  /** It becomes root on them: sudo's password may be asked for. */
  readonly becomes?: boolean;
  /** The names of further views of each host in the results. */
  readonly alsoAs?: (host: string) => readonly string[];
}

/**
 * Reads the operator's files, reports their hosts and files, and does the work. If they cannot be read, the report has the
 * Problems.
 */
export async function withConfig(
  session: Session,
  { tools, about }: PhaseRun,
  work: (config: Config, tools: PhaseTools) => Promise<PhaseReport>,
  { sends = false, becomes = false, alsoAs = () => [] }: HostUse = {},
): Promise<PhaseReport> {
  const loaded = await loadConfig(configRequest(session, becomes));
  if (!loaded.ok) return failedBy(loaded.problems);
  const config = loaded.value;
  about({
    hosts: config.hosts.flatMap(({ target }) => [target.name, ...alsoAs(target.name)]),
    files: config.files,
    signingKey: signingKeyOf(session, config),
    warnings: [...config.warnings, ...register(session, config), ...(sends ? uncheckedHosts(config) : [])],
  });
  return work(config, toolsOf(session, tools, config.forks));
}

/** The absolute path of the key that signs the evidence of a run: that of the first host whose variables name one. */
export function signingKeyOf({ terminal }: Session, { hosts }: Pick<Config, 'hosts'>): string | undefined {
  const key = hosts.map(({ settings }) => settings.evidenceSigningKey).find((each) => each !== undefined);
  return key === undefined ? undefined : resolve(terminal.cwd, key.replace(/^~(?=\/)/, terminal.home));
}

/** The tools of a phase, with connections to hosts. `forks`: of ansible.cfg; the option overrides it. */
export function toolsOf(session: Session, tools: PhaseRun['tools'], forks?: number): PhaseTools {
  return {
    ...tools,
    connect: createConnect(
      { ...session.terminal, prompts: session.sshPrompts, withOpenSsh: withOpenSsh(session.command) },
      trustCommand(session.options),
      session.options.transport,
    ),
    forks: session.options.forks ?? forks ?? FORKS,
  };
}

/** The parts of a session that read the operator's files. */
export type Questions = Pick<Session, 'terminal' | 'options' | 'vault' | 'askLoginPassword' | 'askBecomePassword'>;

/** The request for the configuration from the command line. Each password is asked for at most once. */
export function configRequest(session: Questions, becomes = false): ConfigRequest {
  const { terminal, options } = session;
  return {
    ...fileRequest(terminal, options, session.vault),
    login: {
      wanted: options.askPass === true,
      ask: terminal.interactive ? session.askLoginPassword : undefined,
      file: options.connectionPasswordFile,
    },
    become: becomes
      ? {
          wanted: options.askBecomePass === true,
          ask: terminal.interactive ? session.askBecomePassword : undefined,
          file: options.becomePasswordFile,
        }
      : undefined,
  };
}

/** A failed report that has only problems. */
export function failedBy(problems: readonly Problem[]): PhaseReport {
  return { ending: 'failed', results: [], problems, changes: 0 };
}

/**
 * Registers the configuration's secrets, so that none of them is shown or kept from now on. Returns a warning for each that
 * cannot be masked.
 */
export function register(
  { redaction }: Pick<Session, 'redaction'>,
  { hosts, servers = [], allHosts }: Config,
): readonly Problem[] {
  const isMasked = (secret: Secret): boolean =>
    !allHosts.some((name) => name.includes(secret.reveal())) && redaction.add(secret);
  const keys = hosts.flatMap(({ target: { name }, settings: { masterKey, tls } }) => {
    if (tls?.from === 'sent' && tls.key !== undefined) redaction.add(tls.key);
    if (masterKey.state !== 'set') return [];
    const { key, previous, revoked } = masterKey;
    const unmasked = (secret: Secret | undefined, variable: string, fix: string): readonly Problem[] =>
      secret === undefined || isMasked(secret) ? [] : [notMasked(variable, fix, name)];
    return [
      ...unmasked(key, 'litellm_master_key', 'hxllm inventory --vault-init makes a long one'),
      ...unmasked(previous, 'litellm_master_key_previous', 'hxllm inventory --rotate-key --finish'),
      ...unmasked(revoked, 'litellm_master_key_revoked', 'remove litellm_master_key_revoked'),
    ];
  });
  const reached = new Map([...servers, ...hosts].map((host) => [host.target.name, host]));
  const passwords = [...reached.values()].flatMap(({ target: { name, password }, become }) => [
    ...(password !== undefined && !isMasked(password)
      ? [notMasked('the SSH password', 'log in with a key, or choose a longer password', name)]
      : []),
    ...(isSudo(become) && become.password !== undefined && !isMasked(become.password)
      ? [notMasked('sudo’s password', 'choose a longer password, or let sudo ask for none', name)]
      : []),
  ]);
  return [...keys, ...passwords];
}

function uncheckedHosts({ hosts }: Config): readonly Problem[] {
  return hosts
    .filter(({ target }) => target.connection === 'ssh' && !target.hostKeyChecking)
    .map(({ target: { name } }) => ({
      code: 'host.key-unchecked',
      summary: `the host key of ${name} is not checked`,
      detail:
        'Expected host_key_checking, which compares the host key with known_hosts before the master key is sent, found it off. A changed or revoked key is refused all the same.',
      fix: `hxllm trust ${name}  # then remove host_key_checking from ansible.cfg`,
      where: { host: name },
    }));
}

function notMasked(what: string, fix: string, host: string): Problem {
  return {
    code: 'evidence.not-masked',
    summary: `${what} is too common to be masked`,
    detail:
      'Expected at least 6 characters of two kinds (letters, digits, signs) or 12 of one, and no part of a host’s name, found less: ordinary text may hold the same characters, and masking them there would tell the secret. hxllm does not print it; output of other programs is kept as it is.',
    fix,
    where: { host },
  };
}
