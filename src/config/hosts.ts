import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Become } from '../core/become.ts';
import type { Target } from '../core/host.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import type { Secret } from '../core/secret.ts';
import type { UserEnvironment } from './ansible-cfg/find.ts';
import type { AnsibleSettings } from './ansible-cfg/settings.ts';
import type { OperatorTemplates } from '../core/template-name.ts';
import type { CandidateHost, Config, HostConfig, ServerHost, Settings } from './config.ts';
import type { AuthorityFile } from './trust-settings.ts';
import type { Findings } from './findings.ts';
import { GROUP, SERVERS_GROUP, type Inventory } from './inventory/inventory.ts';
import type { SourceFiles } from './source-files.ts';
import { selectHosts } from './inventory/limit.ts';
import { hostsOf } from './inventory/membership.ts';
import { readBecome } from './variables/become.ts';
import { readAuthorityFile } from './variables/ca-file.ts';
import { readTarget } from './variables/connection.ts';
import { layersOf, type VariableFolders } from './variables/layers.ts';
import { mergeLayers } from './variables/merge.ts';
import { HostVariables, Reader } from './variables/reader.ts';
import { readTemplates } from './variables/templates-dir.ts';
import { readHostSettings } from './variables/settings.ts';

interface Sources {
  readonly inventory: Inventory;
  readonly folders: VariableFolders;
  readonly files: SourceFiles;
  readonly settings: AnsibleSettings;
  readonly request: UserEnvironment & { readonly limit: string | undefined; readonly servers?: boolean };
  /** `--ask-become-pass` or `become_password_file`. */
  readonly becomePassword: Secret | undefined;
  /** `--ask-pass` or `connection_password_file`; a variable of the inventory precedes it. */
  readonly loginPassword: Secret | undefined;
  readonly findings: Findings;
}

/** Reads the chosen hosts. If the group has no host yet, it also describes every host that could join. */
export async function readHosts(sources: Sources): Promise<Result<Pick<Config, 'hosts' | 'candidates' | 'servers'>>> {
  const { inventory, findings } = sources;
  const chosen = await chooseHosts(sources);
  if (!chosen.ok) return chosen;
  const joinable = hostsOf(inventory, GROUP).length === 0 ? [...inventory.hosts.keys()] : [];
  const servers =
    sources.request.servers === true && inventory.groups.has(SERVERS_GROUP)
      ? hostsOf(inventory, SERVERS_GROUP)
      : undefined;
  const variables = new Map<string, HostVariables>();
  for (const name of [...chosen.value, ...joinable, ...(servers ?? [])]) {
    const read = variables.has(name) ? undefined : await variablesOf(name, sources);
    if (read?.ok === false) return read;
    if (read !== undefined) variables.set(name, read.value);
  }
  // After an unreadable file every variable is undefined; errors that follow from that would only confuse.
  if (findings.errors.length > 0) return ok({ hosts: [], candidates: [] });
  const authorities = new Map<string, AuthorityFile>();
  const templates = new Map<string, OperatorTemplates>();
  for (const [name, found] of variables) {
    if (!chosen.value.includes(name) && !joinable.includes(name)) continue;
    const read = await readAuthorityFile(found, sources.request, sources.files, findings);
    if (read !== undefined) authorities.set(name, read);
    const own = await readTemplates(found, sources.request, sources.files, findings);
    if (own !== undefined) templates.set(name, own);
  }
  const describe = (name: string): readonly (CandidateHost & { readonly variables: HostVariables })[] => {
    const found = variables.get(name);
    return found === undefined
      ? []
      : [
          {
            name,
            settings: withTemplates(readHostSettings(found, findings, authorities.get(name)), templates.get(name)),
            origins: found.origins(),
            variables: found,
          },
        ];
  };
  const hosts = chosen.value.flatMap(describe).map(({ name, settings, origins, variables: found }): HostConfig => {
    const { target, become } = connectionOf(name, found, sources);
    return { target, become: settings.serviceManager === 'process' ? 'none' : become(), settings, origins };
  });
  const candidates = joinable
    .flatMap(describe)
    .map(({ name, settings, origins }): CandidateHost => ({ name, settings, origins }));
  if (servers === undefined) return ok({ hosts, candidates });
  const reached = servers.flatMap((name): readonly ServerHost[] => {
    // A host of both groups is judged once.
    const own = hosts.find((host) => host.target.name === name);
    if (own !== undefined) return [{ target: own.target, become: own.become }];
    const found = variables.get(name);
    if (found === undefined) return [];
    const { target, become } = connectionOf(name, found, sources);
    return [{ target, become: become() }];
  });
  return ok({ hosts, candidates, servers: reached });
}

/** The connection to a host. Its way to root is read only if it is needed, since reading it judges it. */
function connectionOf(
  name: string,
  variables: HostVariables,
  { settings, request, becomePassword, loginPassword, findings }: Sources,
): { readonly target: Target; readonly become: () => Become } {
  const own = readTarget(name, variables, settings, request, findings);
  const target = own.connection === 'ssh' ? { ...own, password: own.password ?? loginPassword } : own;
  const way = { settings: settings.become, password: becomePassword, user: target.user };
  return { target, become: () => readBecome(variables, way, new Reader(findings)) };
}

function withTemplates(settings: Settings, templates: OperatorTemplates | undefined): Settings {
  return templates === undefined ? settings : { ...settings, templates };
}

async function variablesOf(name: string, { inventory, folders, findings }: Sources): Promise<Result<HostVariables>> {
  const host = inventory.hosts.get(name);
  if (host === undefined) throw new Error(`a host without an inventory: ${name}`);
  const layers = await layersOf(name, inventory, folders);
  return layers.ok ? ok(new HostVariables(mergeLayers(host, layers.value), findings)) : layers;
}

async function chooseHosts({ inventory, request, findings }: Sources): Promise<Result<readonly string[]>> {
  const group = hostsOf(inventory, GROUP);
  if (request.limit === undefined) return ok(group);
  const limited = await selectHosts(request.limit, inventory, findings, async (file) =>
    readFile(resolve(request.cwd, file), 'utf8').then(
      (text) => text.split('\n'),
      () => undefined,
    ),
  );
  if (!limited.ok || !inventory.groups.has(GROUP) || group.length === 0) return limited;
  const both = group.filter((name) => limited.value.includes(name));
  if (both.length > 0) return ok(both);
  return fail({
    code: 'inventory.no-match',
    summary: `--limit excludes all hosts of [${GROUP}]`,
    detail: `Expected a host of [${GROUP}] (${group.join(', ')}), found ${request.limit}, which matches ${limited.value.join(', ')}.`,
    fix: 'hxllm inventory  # shows the hosts of each group',
  });
}
