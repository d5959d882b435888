import { readTargets } from '../../config/targets.ts';
import { pluralize } from '../../core/pluralize.ts';
import type { Target } from '../../core/host.ts';
import type { Problem, Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import type { LocalUser } from '../../remote/local-user.ts';
import { scanHostKeys, type HostKeyScan } from '../../remote/ssh/host-key-scan.ts';
import { addHostKeys } from '../../remote/ssh/new-known-hosts.ts';
import { withJumpHosts, type HopTarget } from '../../remote/ssh/way.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import { trustCommand } from '../run/next.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import { sshPromptsOf } from '../terminal/ssh-prompts.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fileRequest, vaultQuestions, type FileOptions } from '../vault/request.ts';
import { hostKeyLines, trustDocument, type TrustedHost } from '../views/host-keys.ts';
import { createPaint } from '../views/paint.ts';
import { reportProblems } from '../views/problems.ts';

/** The options of `hxllm trust`. */
export interface TrustOptions extends Omit<FileOptions, 'limit'> {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Hosts that are asked at the same time. */
const AT_ONCE = 8;

const COMPARE = 'Compare on the host: for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key"; done';

/**
 * Shows the host keys of the named hosts and of the jump hosts before them, asks for each host with new keys, and adds these to
 * known_hosts. Nothing is written for a host with a changed or revoked key. Returns the exit code.
 */
export async function trustHosts(terminal: Terminal, words: readonly string[], options: TrustOptions): Promise<number> {
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  try {
    return await new Trust(terminal, words, options, interruption.signal).run();
  } finally {
    interruption.dispose();
  }
}

class Trust {
  readonly #terminal: Terminal;
  readonly #localUser: LocalUser;
  readonly #words: readonly string[];
  readonly #options: TrustOptions;
  readonly #signal: AbortSignal;
  readonly #done = new Map<string, TrustedHost>();
  readonly #problems: Problem[] = [];
  /** Names in files of known_hosts that were dealt with, and the end of each. */
  readonly #places = new Map<string, TrustedHost['state']>();
  #hasCompared = false;

  constructor(terminal: Terminal, words: readonly string[], options: TrustOptions, signal: AbortSignal) {
    this.#localUser = { ...terminal, prompts: sshPromptsOf(terminal) };
    [this.#terminal, this.#words, this.#options, this.#signal] = [terminal, words, options, signal];
  }

  async run(): Promise<number> {
    const read = await readTargets(
      fileRequest(this.#terminal, this.#options, vaultQuestions(this.#terminal, this.#signal)),
      this.#words,
    );
    if (!read.ok) return this.#end(read.problems);
    reportProblems(this.#terminal, read.value.warnings, 'warning');
    const command = trustCommand(this.#options);
    const targets = read.value.targets.map((target) => ({
      ...target,
      trust: `${command} ${shellLine([target.name])}`,
    }));
    const way = await withJumpHosts(this.#localUser, targets, this.#signal);
    if (!way.ok) return this.#end(way.problems);
    // Jump hosts come before the hosts behind them, which are reached only when their keys are known.
    for (const depth of [...new Set(way.value.map(({ behind }) => behind.length))].toSorted((a, b) => a - b)) {
      const level = way.value.filter(({ behind }) => behind.length === depth);
      for (let at = 0; at < level.length; at += AT_ONCE) await this.#several(level.slice(at, at + AT_ONCE));
    }
    return this.#end([]);
  }

  async #several(hops: readonly HopTarget[]): Promise<void> {
    const scans = await Promise.all(
      hops.map(({ target, behind }) =>
        target.connection === 'local' || !behind.every((hop) => this.#isTrusted(hop))
          ? Promise.resolve(undefined)
          : scanHostKeys(this.#localUser, target, this.#signal),
      ),
    );
    for (const [index, { id, target }] of hops.entries()) {
      const state = await this.#one(target, scans[index]);
      const scan = scans[index];
      this.#done.set(id, { name: target.name, state, ...(scan?.ok === true ? { scan: scan.value } : {}) });
    }
  }

  #isTrusted(id: string): boolean {
    return ['added', 'known'].includes(this.#done.get(id)?.state ?? '');
  }

  async #one(target: Target, scan: Result<HostKeyScan> | undefined): Promise<TrustedHost['state']> {
    const { name } = target;
    if (target.connection === 'local') {
      this.#say(`${name}  this machine itself (ansible_connection=local), without SSH`);
      return 'local';
    }
    if (scan === undefined) {
      this.#say(`${name}  not asked: the key of its jump host is not recorded`);
      return 'skipped';
    }
    if (!scan.ok) {
      this.#keep(scan.problems);
      return 'unreachable';
    }
    const place = `${scan.value.file ?? ''} ${scan.value.knownAs}`;
    const before = this.#places.get(place);
    if (before !== undefined) {
      this.#say(`${name}  ${scan.value.knownAs}, as above`);
      return before;
    }
    const state = await this.#judge(name, scan.value);
    this.#places.set(place, state);
    return state;
  }

  async #judge(name: string, scan: HostKeyScan): Promise<TrustedHost['state']> {
    const { stdout, environment } = this.#terminal;
    const paint = createPaint(environment, this.#options.json !== true && stdout.isTty);
    for (const line of hostKeyLines(name, scan, paint, stdout.columns())) this.#say(line);
    if (scan.problem !== undefined) {
      this.#keep([scan.problem]);
      return 'refused';
    }
    const fresh = scan.keys.filter(({ state }) => state === 'new');
    if (fresh.length === 0) return 'known';
    if (scan.file === undefined) {
      this.#keep([noFile(name)]);
      return 'failed';
    }
    const what = `${pluralize(fresh.length, 'key')} of ${name}`;
    if (this.#options.yes !== true) {
      if (!this.#terminal.interactive) return 'unconfirmed';
      if (!this.#hasCompared) this.#say(COMPARE);
      this.#hasCompared = true;
      if (!(await this.#terminal.askYesNo(`Add ${what} to ${scan.file}?`, this.#signal))) return 'declined';
    }
    const added = await addHostKeys(scan.file, scan.knownAs, fresh, scan.hash);
    if (!added.ok) {
      this.#keep(added.problems);
      return 'failed';
    }
    this.#say(`  added ${what} to ${scan.file}`);
    return 'added';
  }

  #end(problems: readonly Problem[]): number {
    if (this.#signal.aborted) return EXIT.interrupted;
    this.#keep(problems);
    const hosts = [...this.#done.values()];
    const unconfirmed = hosts.filter(({ state }) => state === 'unconfirmed').map(({ name }) => name);
    if (unconfirmed.length > 0) this.#keep([this.#needsConsent(unconfirmed)]);
    if (this.#options.json === true)
      this.#terminal.stdout.write(`${JSON.stringify(trustDocument(hosts), undefined, 2)}\n`);
    if (this.#problems.length > 0) return exitCodeOfProblems(this.#problems);
    return hosts.every(({ state }) => ['added', 'known', 'local'].includes(state)) ? EXIT.ok : EXIT.failed;
  }

  #needsConsent(names: readonly string[]): Problem {
    return {
      code: 'usage.consent',
      summary: `the keys of ${pluralize(names.length, 'host')} were not added`,
      detail: `Expected a terminal to ask on, or --yes, found neither (${names.join(', ')}). Nothing was written for ${names.length === 1 ? 'it' : 'them'}. ${COMPARE}`,
      fix: `${trustCommand(this.#options)} --yes ${shellLine(this.#words)}  # after you compared the fingerprints`,
    };
  }

  #keep(problems: readonly Problem[]): void {
    this.#problems.push(...problems);
    reportProblems(this.#terminal, problems);
  }

  #say(line: string): void {
    const { stdout, stderr } = this.#terminal;
    (this.#options.json === true ? stderr : stdout).write(`${line}\n`);
  }
}

function noFile(name: string): Problem {
  return {
    code: 'config.ssh',
    summary: `${name}: there is no file for its keys`,
    detail: 'Expected a file in UserKnownHostsFile, found none.',
    fix: 'remove UserKnownHostsFile=none from the SSH arguments of the inventory and from ~/.ssh/config',
    where: { host: name },
  };
}
