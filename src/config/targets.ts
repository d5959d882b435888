import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { Target } from '../core/host.ts';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { nearestName } from '../core/spelling.ts';
import { readAnsibleSettings, type AnsibleSettings } from './ansible-cfg/settings.ts';
import { Findings } from './findings.ts';
import { selectHosts } from './inventory/limit.ts';
import { openInventory, type ConfigRequest, type OpenedInventory } from './load.ts';
import { SourceFiles } from './source-files.ts';
import { scopesOf } from './variables/all-hosts.ts';
import { readTarget } from './variables/connection.ts';
import { HostVariables } from './variables/reader.ts';
import { Keyring } from './vault/keyring.ts';

/** The connections to the hosts that are named, and warnings about the files. */
export interface NamedTargets {
  readonly targets: readonly Target[];
  readonly warnings: readonly Problem[];
}

/**
 * The connections to hosts that are named one by one: hosts of the inventory by name or by an Ansible pattern, of any group, and addresses
 * that it lacks (`USER@ADDRESS:PORT`), to which the settings of ansible.cfg apply. Without an inventory every word is an address.
 */
export async function readTargets(request: ConfigRequest, words: readonly string[]): Promise<Result<NamedTargets>> {
  const findings = new Findings();
  const opened = await openInventory(request, findings);
  const absent =
    !opened.ok &&
    request.inventories.length === 0 &&
    opened.problems.every(({ code }) => code === 'inventory.not-found') &&
    words.every((word) => addressIn(word) !== undefined);
  if (!opened.ok && !absent) return opened;
  const settings = opened.ok ? ok(opened.value.settings) : await settingsWithout(request);
  if (!settings.ok) return settings;
  const notes = absent ? new Findings() : findings;
  const targets = new Map<string, Target>();
  for (const word of words) {
    const found = opened.ok ? await targetsOf(word, opened.value, request, notes) : undefined;
    const bare = (): Result<readonly Target[]> => ok([addressed(word, settings.value, request, notes)]);
    const read = found ?? bare();
    if (!read.ok) return read;
    for (const target of read.value) targets.set(target.name, target);
  }
  const [error, ...errors] = notes.errors;
  if (error !== undefined) return fail(error, ...errors);
  // A password is for a login, and none is tried.
  return ok({
    targets: [...targets.values()],
    warnings: notes.warnings.filter(({ code }) => code !== 'vault.password-needed'),
  });
}

function settingsWithout(request: ConfigRequest): Promise<Result<AnsibleSettings>> {
  return readAnsibleSettings(request, new SourceFiles(request.cwd, new Keyring([])), new Findings());
}

/** `undefined`: the word is an address that the inventory lacks. */
async function targetsOf(
  word: string,
  opened: OpenedInventory,
  request: ConfigRequest,
  findings: Findings,
): Promise<Result<readonly Target[]> | undefined> {
  const { inventory, folders, settings } = opened;
  const isAddress = addressIn(word) !== undefined;
  if (!inventory.hosts.has(word) && isAddress && isSpelledOut(word)) return undefined;
  const names = inventory.hosts.has(word)
    ? ok([word])
    : await selectHosts(word, inventory, findings, (file) =>
        readFile(resolve(request.cwd, file), 'utf8').then(
          (text) => text.split('\n'),
          () => undefined,
        ),
      );
  if (!names.ok) {
    if (!isAddress) return names;
    const meant = nearestName(word, [...inventory.hosts.keys(), ...inventory.groups.keys()]);
    if (meant !== undefined)
      findings.warning({
        code: 'inventory.no-match',
        summary: `the inventory has no host ${word}`,
        detail: `Expected a host, a group or a pattern of the inventory, found ${word}, which is taken as an address. The nearest name is ${meant}.`,
        fix: `hxllm trust ${meant}`,
      });
    return undefined;
  }
  const scopes = await scopesOf(names.value, inventory, folders);
  if (!scopes.ok) return scopes;
  return ok(
    [...scopes.value].map(([name, scope]) =>
      readTarget(name, new HostVariables(scope, findings), settings, request, findings),
    ),
  );
}

function addressed(word: string, settings: AnsibleSettings, request: ConfigRequest, findings: Findings): Target {
  const { address = word, user, port } = addressIn(word) ?? {};
  const none = new HostVariables({ variables: new Map(), lockedFiles: [] }, findings);
  const target = readTarget(address, none, settings, request, findings);
  return { ...target, name: word, user: user ?? target.user, port: port ?? target.port };
}

/** A user, a port or the address itself says that the word is no name of the inventory. */
function isSpelledOut(word: string): boolean {
  return isIP(word) === 6 || /^ssh:|^\[|.@|:\d+$/.test(word);
}

interface Address {
  readonly address: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/** `ADDRESS`, `USER@ADDRESS`, `ADDRESS:PORT`, `[IPv6]:PORT`, `ssh://…`; undefined for a pattern. */
function addressIn(word: string): Address | undefined {
  if (isIP(word) === 6) return { address: word, user: undefined, port: undefined };
  const [, user, address, port] =
    /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(\[[\da-fA-F:.%\w]+\]|[\w.-]+)(?::(\d{1,5}))?\/?$/.exec(word) ?? [];
  if (address === undefined || address.startsWith('-')) return undefined;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65_535)) return undefined;
  return { address: address.replace(/^\[(.*)\]$/, '$1'), user, port: number };
}
