import { defaultFolders, pathsOf, type HostConfig, type Settings } from '../../config/config.ts';
import type { Check } from '../../core/check.ts';
import type { PortTrial, Target } from '../../core/host.ts';
import type { Problem } from '../../core/problem.ts';
import { quote, shellLine } from '../../core/shell.ts';
import { unknown, type Verdict } from '../../core/verdict.ts';
import { accountQuestion } from '../../facts/account.ts';
import { addressesQuestion } from '../../facts/addresses.ts';
import { clockQuestion } from '../../facts/clock.ts';
import { confinementQuestion } from '../../facts/confinement.ts';
import { diskQuestion } from '../../facts/disk.ts';
import { credentialQuestion } from '../../facts/domain/credential.ts';
import { joinQuestion } from '../../facts/domain/join.ts';
import { sssdQuestion } from '../../facts/domain/sssd.ts';
import { existingQuestion } from '../../facts/existing/existing.ts';
import { floatingQuestion } from '../../facts/floating.ts';
import { footprintQuestion } from '../../facts/footprint/question.ts';
import { nameServiceQuestion } from '../../facts/dns/name-service.ts';
import { dropInsQuestion } from '../../facts/drop-ins/drop-ins.ts';
import { foreignQuestion } from '../../facts/foreign.ts';
import { groupQuestion } from '../../facts/group.ts';
import { identityQuestion, sudoQuestion } from '../../facts/identity.ts';
import { machineQuestion } from '../../facts/machine.ts';
import { firewallQuestion } from '../../facts/network/firewall.ts';
import { linksQuestion } from '../../facts/network/links.ts';
import { proxyQuestion } from '../../facts/network/proxy.ts';
import { reachQuestion, type Reach } from '../../facts/network/reach.ts';
import { hostnameOf, nameQuestion, type Addresses } from '../../facts/name.ts';
import { ollamaDetailsQuestion, type BackendDetails } from '../../facts/ollama-details.ts';
import {
  ollamaModelsQuestion,
  ollamaVersionQuestion,
  type BackendReply,
  type ListedModel,
} from '../../facts/ollama.ts';
import { osQuestion } from '../../facts/os.ts';
import { portQuestion } from '../../facts/port.ts';
import { programsQuestion } from '../../facts/programs.ts';
import type { Fact, Facts, Question } from '../../facts/question.ts';
import { clientQuestion, reachedQuestion } from '../../facts/reached.ts';
import { roomQuestion } from '../../facts/room.ts';
import { fileLimitsQuestion, librariesQuestion, runtimeQuestion } from '../../facts/runtime.ts';
import { sudoLogQuestion } from '../../facts/sudo-log.ts';
import { ownSudoRightsQuestion, sudoRightsQuestion } from '../../facts/sudo-rights.ts';
import { systemdQuestion } from '../../facts/systemd.ts';
import { tlsPairQuestion } from '../../facts/tls-pair.ts';
import { toolsQuestion } from '../../facts/tools.ts';
import { trustQuestions } from './trust-questions.ts';
import type { TrustSeen } from './trust-seen.ts';

/** The subject of the checks: a host with its configuration and its facts, or the reason why it could not be asked. */
export interface PreflightSubject {
  readonly host: HostConfig;
  readonly seen:
    | {
        readonly reached: true;
        readonly facts: HostFacts;
        /** The answers to questions that the first answers raised. */
        readonly followUps: Facts<FollowUps>;
        /** The gateway’s port, tried from this machine; `undefined` if no check needs it. */
        readonly trial: PortTrial | undefined;
        readonly askedMs: AskedBetween;
        /** The backends with TLS. */
        readonly trust?: TrustSeen;
      }
    | { readonly reached: false; readonly problem: Problem };
}

/** Questions that need the answers to others. They travel in a second script. */
export type FollowUps = { readonly [name: `resolves ${string}`]: Question<Addresses> };

/** A check of a host. */
export interface PreflightCheck extends Check<PreflightSubject> {
  /** Names of the questions that it needs. Its judge sees the facts of these alone. Absent: all of them. */
  readonly asks?: readonly QuestionName[];
  /** Ids of checks that report the cause where this one says that it was not judged: `--only` takes them with it. */
  readonly alongside?: readonly string[];
}

/** The name of a question for a host. */
export type QuestionName = keyof HostQuestions;

/** The times when the questions were sent and the answers came back, by this machine's clock. */
export interface AskedBetween {
  readonly fromMs: number;
  readonly toMs: number;
  /** The end of the script by the host's clock; NaN if it is not known. */
  readonly hostEndMs: number;
}

// enforce writes the units to the first, users and groups to the second.
const SYSTEM_FOLDERS = ['/etc/systemd/system', '/etc'];

/** All facts that preflight has of a host. */
export type HostFacts = Facts<HostQuestions>;

type HostQuestions = ReturnType<typeof questionsOfHost> & FleetQuestions;

type FleetQuestions = {
  readonly [name: `resolves ${string}`]: Question<Addresses>;
  readonly [version: `version ${string}`]: Question<BackendReply<string>>;
  readonly [models: `models ${string}`]: Question<BackendReply<readonly ListedModel[]>>;
  readonly [details: `details ${string}`]: Question<BackendDetails | undefined>;
  readonly [reach: `reach ${string}`]: Question<readonly Reach[]>;
};

/** All questions for one host; with `names` those alone. */
export function questionsFor(settings: Settings, names?: ReadonlySet<string>): HostQuestions {
  const all: HostQuestions = { ...questionsOfHost(settings), ...questionsOfFleet(settings) };
  if (names === undefined) return all;
  // The facts of questions that were not asked are `undefined`, for which a judge says that it was not asked.
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name))) as HostQuestions;
}

function questionsOfHost(settings: Settings) {
  const paths = pathsOf(settings);
  return {
    os: osQuestion,
    machine: machineQuestion,
    systemd: systemdQuestion,
    identity: identityQuestion,
    sudo: sudoQuestion,
    sudoLog: sudoLogQuestion,
    sudoRights: sudoRightsQuestion,
    ownSudoRights: ownSudoRightsQuestion,
    join: joinQuestion(settings.requireDomainJoin),
    credential: credentialQuestion(settings.requireDomainJoin),
    sssd: sssdQuestion(settings.requireDomainJoin),
    adminGroup: groupQuestion(settings.requireDomainJoin ? settings.adminGroup : undefined),
    clock: clockQuestion,
    programs: programsQuestion,
    disk: diskQuestion(paths.installDir),
    room: roomQuestion([
      paths.configDir,
      paths.installDir,
      ...(settings.serviceManager === 'systemd' ? SYSTEM_FOLDERS : []),
    ]),
    addresses: addressesQuestion,
    floating: floatingQuestion(settings.listen, settings.port),
    reached: reachedQuestion,
    client: clientQuestion,
    links: linksQuestion,
    firewall: firewallQuestion,
    proxies: proxyQuestion('litellm', paths.envFile),
    runtime: runtimeQuestion(paths, settings),
    libraries: librariesQuestion,
    fileLimits: fileLimitsQuestion,
    confinement: confinementQuestion(paths.installDir, settings.restrictEgress),
    tools: toolsQuestion(settings.serviceManager),
    port: portQuestion(settings.port),
    foreign: foreignQuestion(paths, settings),
    existing: existingQuestion(paths.installDir),
    account: accountQuestion({ ...settings, ...paths }),
    footprint: footprintQuestion({ ...settings, ...paths, defaults: defaultFolders(settings) }),
    dropIns: dropInsQuestion({ ...settings, ...paths }),
    ...trustQuestions(settings, paths),
    tlsPair: tlsPairQuestion({ ...settings, ...paths }),
    dns: nameServiceQuestion(
      namesOf(settings).filter((name) => !isAddress(name)),
      settings.requireDomainJoin,
    ),
  };
}

function questionsOfFleet(settings: Settings): FleetQuestions {
  const urls = (settings.backends ?? []).map(({ url }) => url);
  const models = [...new Set((settings.models ?? []).map(({ model }) => model))];
  return Object.fromEntries([
    ...urls.map((url) => [`resolves ${hostnameOf(url)}`, nameQuestion(hostnameOf(url))]),
    ...urls.map((url) => [`version ${url}`, ollamaVersionQuestion(url)]),
    ...urls.map((url) => [`models ${url}`, ollamaModelsQuestion(url)]),
    ...urls.map((url) => [`details ${url}`, ollamaDetailsQuestion(url, models)]),
    ...urls.map((url) => [`reach ${url}`, reachQuestion(hostnameOf(url), Number(portOf(url)))]),
  ]);
}

/** Values of litellm_listen that stand for every address. */
export const ANYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]', '*']);

/** The port of a backend’s URL. */
export function portOf(url: string): string {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

/** Whether other machines may reach the gateway: it listens on more than the loopback. */
export function hasWayIn({ listen }: Settings): boolean {
  return listen !== 'localhost' && listen !== '::1' && listen !== '[::1]' && !listen.startsWith('127.');
}

/** The names and addresses of the backends, each once. */
export function namesOf({ backends }: Settings): readonly string[] {
  return [...new Set((backends ?? []).map(({ url }) => hostnameOf(url)))];
}

/** Whether the host of a URL is an address rather than a name. */
export function isAddress(name: string): boolean {
  return /^[\d.]+$|:/.test(name);
}

/** The domains that the host has joined, else those that it may belong to by its name and its search domains. */
export function domainsOf(facts: HostFacts): readonly string[] {
  const { join, dns }: Partial<HostFacts> = facts;
  if (join?.known && join.value.claims.length > 0) return [...new Set(join.value.claims.map(({ domain }) => domain))];
  return dns?.known ? dns.value.domains : [];
}

/** A judge that needs one fact. If it is not known, the verdict is unknown with the reason. */
export function knowing<T>(
  factOf: (facts: HostFacts) => Fact<T> | undefined,
  judge: (value: T, subject: PreflightSubject) => Verdict,
): (subject: PreflightSubject) => Verdict {
  return (subject) => {
    if (!subject.seen.reached) return unknown(subject.seen.problem.summary);
    const fact = factOf(subject.seen.facts);
    if (fact === undefined) return unknown('it was not asked');
    return fact.known ? judge(fact.value, subject) : unknown(fact.why);
  };
}

/** A command to type that runs on a host: through ssh as in the inventory, or directly if the host is this machine. */
export function commandOn(target: Target, ...argv: readonly string[]): string {
  return lineOn(target, shellLine(argv));
}

/** The same for a line of shell; `options` are further options of ssh. */
export function lineOn(
  { connection, address, port, user, identityFiles, sshArguments }: Target,
  line: string,
  ...options: readonly string[]
): string {
  if (connection === 'local') return line;
  const keys = identityFiles.flatMap((file) => ['-i', file]);
  const place = user === undefined ? address : `${user}@${address}`;
  const ssh = shellLine([
    'ssh',
    ...options,
    ...sshArguments,
    ...keys,
    ...(port === undefined ? [] : ['-p', String(port)]),
    place,
  ]);
  // ssh joins its words for a shell on the host, which would split them again.
  return `${ssh} ${/^[\w@%+=:,./ -]+$/.test(line) ? line : quote(line)}`;
}
