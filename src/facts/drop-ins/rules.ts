import { COMMAND, EGRESS_COMMAND, EGRESS_FILTER } from './egress-rules.ts';
import {
  allowsFamily,
  whenHidden,
  whenOn,
  whenOther,
  whenSet,
  whenUnlike,
  whenWithout,
  wordsOf,
  type ExpectedUnits,
  type Rule,
} from './rule.ts';

/** The units of hxllm that an operator may have templates of. Drop-ins of litellm.service are judged as those of the instances, which they apply to. */
export type UnitName = 'litellm.service' | 'litellm@.service' | 'litellm.socket';

/** The rules for a unit's own text, and those for drop-ins of the service. */
export type RuleSet = UnitName | 'drop-ins of litellm.service';

type Rules = Readonly<Record<string, Rule>>;

const NO_AUTHORITIES = 'the gateway does not trust the authorities of litellm_ca_file';
const RELOAD = 'a reload does something else than to check the configuration and read it';
const CONDITION = 'the unit does not start where it is not met';

const UNIT: Rules = {
  RefuseManualStart: whenOn('hxllm cannot start the unit'),
  RefuseManualStop: whenOn('hxllm cannot restart the unit'),
};

const SYSTEM_CALLS = ['@system-service @pkey', '~@privileged @resources'];

// A credential by the name of hxllm's.
function whenCredential(): Rule {
  return {
    breaks: (values) =>
      values.map(wordsOf).some((value) => value.split(':')[0] === 'litellm.env')
        ? 'another credential than hxllm’s holds the key'
        : undefined,
  };
}

function programOf({ installDir, configFile }: ExpectedUnits): string {
  return `${installDir}/deployments/%i/gateway --config ${configFile} --instance %i`;
}

const INSTANCE: Rules = {
  User: whenOther(
    ({ user }) => [user],
    ({ user, configFile }) => `the service runs as another user than ${user}, which may not read ${configFile}`,
  ),
  Group: whenOther(
    ({ group }) => [group],
    ({ group, configFile }) => `the service runs with another group than ${group}, which may not read ${configFile}`,
  ),
  DynamicUser: whenOn('the service runs as a user that systemd makes up'),
  Type: {
    ours: () => ['exec'],
    breaks: (values) =>
      ['exec', 'simple', 'idle', ''].includes(values.at(-1) ?? '')
        ? undefined
        : 'systemd waits for a message that the gateway does not send',
  },
  ExecStart: {
    ours: (expected) => [programOf(expected)],
    breaks: (values, expected) => {
      const command = values
        .map(wordsOf)
        .join('\n')
        .replaceAll(/(\/deployments\/|--instance )\d+(?=\/| |$)/g, '$1%i');
      const ours = programOf(expected);
      if (command === ours) return undefined;
      return command.replace(/^[-@:+!|]+ ?/, '') === ours
        ? 'a prefix changes how systemd runs the program: - hides failures, + and ! change its rights'
        : 'the unit runs another program or configuration than hxllm’s';
    },
  },
  ExecStartPre: EGRESS_COMMAND,
  ExecStartPost: whenSet(COMMAND),
  ExecCondition: whenSet(COMMAND),
  ExecReload: whenSet(RELOAD),
  LoadCredential: {
    ours: ({ envFile }) => [`litellm.env:${envFile}`],
    breaks: (values, { envFile }) =>
      values.map(wordsOf).findLast((value) => value.startsWith('litellm.env:')) === `litellm.env:${envFile}`
        ? undefined
        : `the gateway does not get the key from ${envFile}`,
  },
  SetCredential: whenCredential(),
  LoadCredentialEncrypted: whenCredential(),
  SetCredentialEncrypted: whenCredential(),
  EnvironmentFile: {
    breaks: (values) =>
      values.map(wordsOf).some((path) => !path.startsWith('-'))
        ? 'the service does not start without this file'
        : undefined,
  },
  Environment: {
    ours: ({ authorities, caFile }) => (authorities === undefined ? [] : [`NODE_EXTRA_CA_CERTS=${caFile}`]),
    breaks: (values, { authorities, caFile }) => {
      const set = values.flatMap((value) => [...value.matchAll(/(?:^|\s)["']?NODE_EXTRA_CA_CERTS=([^\s"']*)/g)]);
      return authorities === undefined || set.at(-1)?.[1] === caFile ? undefined : NO_AUTHORITIES;
    },
  },
  Sockets: whenWithout('litellm.socket', 'the instance gets no listening socket'),
  RuntimeDirectory: whenWithout('litellm', 'the instances do not find each other'),
  UnsetEnvironment: {
    breaks: (values, { authorities }) => {
      const names = values.join(' ');
      if (/\bCREDENTIALS_DIRECTORY\b/.test(names)) return 'the gateway does not get its key';
      return authorities !== undefined && /\bNODE_EXTRA_CA_CERTS\b/.test(names) ? NO_AUTHORITIES : undefined;
    },
  },
  WorkingDirectory: {
    breaks: (values) =>
      /^(?:-.*|\/|)$/.test(values.at(-1) ?? '') ? undefined : 'the service does not start without this folder',
  },
  RootDirectory: whenSet('the service does not see hxllm’s files'),
  RootImage: whenSet('the service does not see hxllm’s files'),
  InaccessiblePaths: whenHidden((path) => path),
  NoExecPaths: whenHidden((path) => path),
  TemporaryFileSystem: whenHidden((path) => path.split(':')[0] ?? ''),
  BindPaths: whenHidden((path) => path.split(':').slice(0, 2).at(-1) ?? ''),
  BindReadOnlyPaths: whenHidden((path) => path.split(':').slice(0, 2).at(-1) ?? ''),
  MemoryDenyWriteExecute: whenOn('Node.js writes code at run time, and ends at its start without that right'),
  PrivateNetwork: whenOn('the gateway reaches no Ollama server'),
  NetworkNamespacePath: whenSet('the gateway may reach no Ollama server'),
  RestrictAddressFamilies: {
    ours: () => ['AF_INET AF_INET6 AF_UNIX'],
    breaks: (values) =>
      ['AF_INET', 'AF_INET6'].every((family) => allowsFamily(values, family))
        ? undefined
        : 'the gateway cannot connect to Ollama servers',
  },
  SystemCallFilter: {
    ours: () => SYSTEM_CALLS,
    breaks: (values) => {
      const kept = SYSTEM_CALLS.every((value, index) => values[index] === value);
      const more = kept ? values.slice(SYSTEM_CALLS.length).filter((value) => value.startsWith('~')) : values;
      return more.length === 0 ? undefined : 'it may forbid system calls that Node.js needs';
    },
  },
  IPAddressDeny: EGRESS_FILTER,
  LimitAS: whenSet('Node.js reserves more address space than it uses, and may not start'),
};

const OF_INSTANCES = new Set(['Sockets', 'RuntimeDirectory', 'LoadCredential']);

/** The unit that stands for the instances: it has the settings of an instance for the check of a configuration, and other commands. */
const SERVICE: Rules = {
  ...Object.fromEntries(Object.entries(INSTANCE).filter(([setting]) => !OF_INSTANCES.has(setting))),
  ExecStart: whenUnlike(
    [/exec cat 0<>\/run\/litellm-log/],
    ["/bin/sh -c '… exec cat 0<>/run/litellm-log …'"],
    'the log of the instances does not reach the journal',
  ),
  ExecStartPre: whenUnlike(
    [/^\+.*mkfifo .*\/run\/litellm-log/],
    ["+/bin/sh -c '… mkfifo -m 600 /run/litellm-log …'"],
    'the instances have no pipe for their log',
  ),
  IPAddressDeny: whenSet('a reload may reach nothing'),
  ExecReload: whenUnlike(
    [/--check --config /, /^\+.*kill --signal=HUP/],
    ["/bin/sh -c '… --check --config …'", "+/bin/sh -c '… kill --signal=HUP …'"],
    RELOAD,
  ),
};

/** Drop-ins of litellm.service apply to the instances, and their ExecReload= to the unit itself. */
const DROP_INS: Rules = {
  ...INSTANCE,
  ExecReload: {
    ours: () => ['hxllm'],
    breaks: (values) => (values.length === 1 && values[0] === 'hxllm' ? undefined : RELOAD),
  },
};

const SOCKET: Rules = {
  ListenStream: {
    ours: ({ listen, port }) => [`${bracketed(listen)}:${String(port)}`],
    breaks: (values, { listen, port }) =>
      values.length === 1 && values[0] === `${bracketed(listen)}:${String(port)}`
        ? undefined
        : `the socket listens elsewhere than on ${bracketed(listen)}:${String(port)} alone`,
  },
  ...Object.fromEntries(
    ['Datagram', 'SequentialPacket', 'FIFO', 'Special', 'Netlink', 'MessageQueue', 'USBFunction'].map((kind) => [
      `Listen${kind}`,
      whenSet('the gateway gets a socket that it does not know'),
    ]),
  ),
  Accept: whenOn('systemd starts one service for each connection'),
  Service: {
    breaks: (values) =>
      ['litellm.service', ''].includes(values.at(-1) ?? '') ? undefined : 'the socket belongs to another service',
  },
  BindToDevice: whenSet('the socket accepts connections of one network interface only'),
  SocketProtocol: whenSet('the socket speaks another protocol than TCP'),
  ExecStartPre: whenSet(COMMAND),
  ExecStartPost: whenSet(COMMAND),
};

/** The rule of a setting in a drop-in of a unit; `undefined` if the setting is the operator's choice, or in a section without effect. */
export function ruleOf(unit: RuleSet, section: string, setting: string): Rule | undefined {
  if (section === 'Unit' && /^(?:Condition|Assert)[A-Z]/.test(setting)) return whenSet(CONDITION);
  const own = RULES[unit];
  const rules = section === 'Unit' ? UNIT : section === own.section ? own.rules : {};
  return Object.hasOwn(rules, setting) ? rules[setting] : undefined;
}

const RULES: Readonly<Record<RuleSet, { readonly section: string; readonly rules: Rules }>> = {
  'litellm.service': { section: 'Service', rules: SERVICE },
  'litellm@.service': { section: 'Service', rules: INSTANCE },
  'litellm.socket': { section: 'Socket', rules: SOCKET },
  'drop-ins of litellm.service': { section: 'Service', rules: DROP_INS },
};

/** All rules of a unit's settings, each with its section. */
export function rulesOf(
  unit: UnitName,
): readonly { readonly section: string; readonly setting: string; readonly rule: Rule }[] {
  const { section, rules } = RULES[unit];
  return [
    ...Object.entries(UNIT).map(([setting, rule]) => ({ section: 'Unit', setting, rule })),
    ...Object.entries(rules).map(([setting, rule]) => ({ section, setting, rule })),
  ];
}

function bracketed(listen: string): string {
  const host = listen === 'localhost' ? '127.0.0.1' : listen;
  return host.includes(':') ? `[${host}]` : host;
}
