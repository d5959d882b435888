/** The values in hxllm's own units that drop-ins are compared with. */
export interface ExpectedUnits {
  readonly serviceUnit: string;
  readonly socketUnit: string;
  readonly user: string;
  readonly group: string;
  readonly configDir: string;
  readonly configFile: string;
  readonly envFile: string;
  readonly caFile: string;
  /** Whether litellm_ca_file is defined; otherwise `undefined`. */
  readonly authorities: object | undefined;
  readonly installDir: string;
  /** The link to the active release. */
  readonly current: string;
  /** An IP address or `localhost`. */
  readonly listen: string;
  readonly port: number;
}

/** The units of hxllm. */
export type UnitName = 'litellm.service' | 'litellm.socket';

/** How one setting is judged. `values` are all values in effect, the last one counts where systemd takes only one. */
export interface Rule {
  /** The values in hxllm's own unit; none by default. */
  readonly ours?: (expected: ExpectedUnits) => readonly string[];
  /** The reason why the gateway cannot work with these values; `undefined` if it can. */
  readonly breaks: (values: readonly string[], expected: ExpectedUnits) => string | undefined;
}

type Rules = Readonly<Record<string, Rule>>;

const isOn = (values: readonly string[]): boolean => /^(?:1|yes|y|true|t|on)$/i.test(values.at(-1) ?? '');

function whenSet(why: string): Rule {
  return { breaks: (values) => (values.length > 0 ? why : undefined) };
}

function whenOn(why: string): Rule {
  return { breaks: (values) => (isOn(values) ? why : undefined) };
}

function whenOther(ours: NonNullable<Rule['ours']>, why: (expected: ExpectedUnits) => string): Rule {
  return {
    ours,
    breaks: (values, expected) => (values.at(-1) === ours(expected).at(-1) ? undefined : why(expected)),
  };
}

// Words without quotes, prefixes of Exec lines included.
function wordsOf(line: string): string {
  return line
    .split(/\s+/)
    .map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))
    .join(' ');
}

function whenHidden(pathOf: (entry: string) => string): Rule {
  return {
    breaks: (values, { configDir, installDir }) => {
      const paths = values
        .flatMap((value) => value.split(/\s+/))
        .map((entry) => pathOf(entry.replace(/^["'+:-]+|["']$/g, '')));
      const hidden = [configDir, installDir].filter((folder) => paths.some((path) => overlap(path, folder)));
      return hidden.length === 0 ? undefined : `the service does not see ${hidden.join(' and ')} as it is`;
    },
  };
}

function overlap(path: string, folder: string): boolean {
  const [a, b] = [`${path.replace(/\/+$/, '')}/`, `${folder}/`];
  return a.startsWith(b) || b.startsWith(a);
}

// systemd.exec(5): the first value decides whether the list allows or denies; `~` takes away from an allow-list.
function allowsFamily(values: readonly string[], family: string): boolean {
  if (values.length === 0) return true;
  const denies = values[0]?.startsWith('~') === true;
  let allowed = denies;
  for (const value of values) {
    const words = value.replace(/^~/, '').split(/\s+/);
    if (value === 'none') allowed = false;
    else if (words.includes(family)) allowed = !value.startsWith('~');
  }
  return allowed;
}

const COMMAND = 'it runs a command of its own, and a failure of it fails the start';
const NO_AUTHORITIES = 'the gateway does not trust the authorities of litellm_ca_file';
const CONDITION = 'the unit does not start where it is not met';

const UNIT: Rules = {
  RefuseManualStart: whenOn('hxllm cannot start the unit'),
  RefuseManualStop: whenOn('hxllm cannot restart the unit'),
};

const SYSTEM_CALLS = ['@system-service @pkey', '~@privileged @resources'];

const SERVICE: Rules = {
  User: whenOther(
    ({ user }) => [user],
    ({ user, envFile }) => `the service runs as another user than ${user}, which may not read ${envFile}`,
  ),
  Group: whenOther(
    ({ group }) => [group],
    ({ group, envFile }) => `the service runs with another group than ${group}, which may not read ${envFile}`,
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
    ours: ({ current, configFile }) => [`${current}/gateway --config ${configFile}`],
    breaks: (values, { current, configFile }) => {
      const command = values.map(wordsOf).join('\n');
      const ours = `${current}/gateway --config ${configFile}`;
      if (command === ours) return undefined;
      return command.replace(/^[-@:+!|]+ ?/, '') === ours
        ? 'a prefix changes how systemd runs the program: - hides failures, + and ! change its rights'
        : 'the unit runs another program or configuration than hxllm’s';
    },
  },
  ExecStartPre: whenSet(COMMAND),
  ExecStartPost: whenSet(COMMAND),
  ExecCondition: whenSet(COMMAND),
  ExecReload: {
    ours: () => ['hxllm'],
    breaks: (values) =>
      values.length === 1 && (values[0] === 'hxllm' || /--check --config .*kill -HUP/.test(values[0] ?? ''))
        ? undefined
        : 'a reload does something else than to check the configuration and read it',
  },
  EnvironmentFile: {
    ours: ({ envFile }) => [envFile],
    breaks: (values, { envFile }) => {
      const paths = values.map((value) => wordsOf(value));
      if (!paths.some((path) => path.replace(/^-/, '') === envFile))
        return `the gateway does not get the key from ${envFile}`;
      return paths.some((path) => path !== envFile && !path.startsWith('-'))
        ? 'the service does not start without this file, and its variables replace those of hxllm'
        : undefined;
    },
  },
  Environment: {
    ours: ({ authorities, caFile }) => (authorities === undefined ? [] : [`NODE_EXTRA_CA_CERTS=${caFile}`]),
    breaks: (values, { authorities, caFile }) => {
      const set = values.flatMap((value) => [...value.matchAll(/(?:^|\s)["']?NODE_EXTRA_CA_CERTS=([^\s"']*)/g)]);
      return authorities === undefined || set.at(-1)?.[1] === caFile ? undefined : NO_AUTHORITIES;
    },
  },
  UnsetEnvironment: {
    breaks: (values, { authorities }) => {
      const names = values.join(' ');
      if (/\bLITELLM_/.test(names)) return 'the gateway does not get its key';
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
  IPAddressDeny: whenSet('it may cut the gateway off from clients and Ollama servers'),
  LimitAS: whenSet('Node.js reserves more address space than it uses, and may not start'),
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
export function ruleOf(unit: UnitName, section: string, setting: string): Rule | undefined {
  if (section === 'Unit' && /^(?:Condition|Assert)[A-Z]/.test(setting)) return whenSet(CONDITION);
  const own =
    unit === 'litellm.service' ? { section: 'Service', rules: SERVICE } : { section: 'Socket', rules: SOCKET };
  const rules = section === 'Unit' ? UNIT : section === own.section ? own.rules : {};
  return Object.hasOwn(rules, setting) ? rules[setting] : undefined;
}

/** All rules of a unit's settings, each with its section. */
export function rulesOf(
  unit: UnitName,
): readonly { readonly section: string; readonly setting: string; readonly rule: Rule }[] {
  const own = unit === 'litellm.service' ? SERVICE : SOCKET;
  const section = unit === 'litellm.service' ? 'Service' : 'Socket';
  return [
    ...Object.entries(UNIT).map(([setting, rule]) => ({ section: 'Unit', setting, rule })),
    ...Object.entries(own).map(([setting, rule]) => ({ section, setting, rule })),
  ];
}

function bracketed(listen: string): string {
  const host = listen === 'localhost' ? '127.0.0.1' : listen;
  return host.includes(':') ? `[${host}]` : host;
}
