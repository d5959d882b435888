/** One row: the rooms and packages that the files of a room may import, and why the rest is refused. Rooms are paths below `src/`: a file, a folder with all below it, or `folder/*` for the files directly in it. */
export interface Row {
  readonly rooms: readonly string[];
  /** Package names; `node:*` means any of Node's modules. */
  readonly packages: readonly string[];
  readonly why: string;
}

const PHASE = ['core', 'schema', 'facts', 'config/config.ts', 'config/requirements.ts'];
const PHASES = ['preflight', 'inventory', 'validate', 'enforce', 'smoke'];
/** Requests and events, and JSON: the two files that all rooms of the gateway share. */
const EXCHANGE = ['gateway/exchange.ts', 'gateway/json.ts'];
const DIALECT = ['core', 'schema', ...EXCHANGE, 'gateway/client-dialect.ts', 'gateway/api/dialect'];
const CONTEXT = [...EXCHANGE, 'gateway/client-dialect.ts', 'gateway/request-context.ts'];
const CLIENT_DIALECTS = ['openai', 'responses', 'anthropic', 'ollama'];
const DIALECT_ROW: Row = { rooms: DIALECT, packages: [], why: 'a dialect translates and knows no other' };
const UPSTREAM = ['core', 'schema', ...EXCHANGE, 'gateway/route/residency.ts'];
const SERVER_ROW: Row = {
  rooms: [...UPSTREAM, 'gateway/upstream/*'],
  packages: [],
  why: 'one kind of server; it knows no other',
};
const CONTROL = inGateway('gateway.ts log.ts limits route scheduler');
/** Rooms of the gateway, in the order in which a request meets them. */
const GATEWAY_ROOMS = inGateway(
  'process control http auth keys store admin limits api catalogue health metrics proxy scheduler state route upstream usage',
);

function inGateway(names: string): readonly string[] {
  return names.split(' ').map((name) => `gateway/${name}`);
}

/**
 * Allowed imports; an import that no row lists is refused, type-only imports included. A room's own files are always allowed. The
 * row with the longest matching prefix holds. A package that is added gets a dated line in src/README.md.
 */
export const IMPORTS: Readonly<Record<string, Row>> = {
  core: { rooms: [], packages: ['node:crypto'], why: 'the vocabulary is pure, so that everything may lean on it' },
  schema: { rooms: ['core'], packages: [], why: 'the treaty between the halves is data' },
  facts: {
    rooms: ['core'],
    packages: ['dns-packet'],
    why: 'facts ask and parse; reaching a host is the business of remote',
  },
  config: {
    rooms: ['core'],
    packages: ['yaml', 'node:*'],
    why: 'the operator’s files are read without knowing any host',
  },
  render: {
    rooms: ['core', 'schema', 'config/config.ts'],
    packages: ['yaml', 'node:fs', 'node:path'],
    why: 'the rendered files depend on the configuration, never on what a host has',
  },
  plan: { rooms: ['core', 'facts', 'render'], packages: [], why: 'pure: a plan that could act could lie' },
  apply: {
    rooms: ['core', 'plan/plan.ts'],
    packages: ['node:*'],
    why: 'it executes the plan it was given and asks nothing again',
  },
  remote: { rooms: ['core'], packages: ['ssh2', 'node:*'], why: 'the only place that knows ssh2' },
  evidence: { rooms: ['core'], packages: ['node:*'], why: 'it keeps what it is given' },
  'phases/preflight': {
    rooms: [...PHASE, 'config/variables/default-settings.ts'],
    packages: [],
    why: 'a phase gets host and recorder as arguments; the list of all checks stands on the default settings',
  },
  'phases/inventory': {
    rooms: [...PHASE, 'config/edit', 'config/vault', 'config/strays/stray.ts', 'config/shown-path.ts'],
    packages: [],
    why: 'it returns changes as data; cli writes them, and finds the stray files',
  },
  'phases/validate': {
    rooms: [...PHASE, 'render'],
    packages: ['yaml'],
    why: 'it judges renders, asks a host and changes none',
  },
  'phases/enforce': {
    rooms: [...PHASE, 'render', 'plan', 'apply', 'phases/enforce/host'],
    packages: [],
    why: 'the only phase that acts',
  },
  'phases/enforce/uninstall': {
    rooms: [...PHASE, 'plan', 'apply', 'phases/enforce/host'],
    packages: [],
    why: 'it takes enforce back without knowing how enforce works',
  },
  'phases/enforce/host': {
    rooms: ['core', 'facts', 'config/config.ts', 'plan', 'apply'],
    packages: [],
    why: 'enforce and uninstall open and inspect a host in the same way; it knows neither of them',
  },
  'phases/smoke': {
    rooms: PHASE,
    packages: ['undici', 'node:net', 'node:tls', 'node:dns'],
    why: 'it speaks to the gateway over HTTP alone',
  },
  'phases/smoke/doctor': { rooms: [...PHASE, 'phases/smoke'], packages: [], why: 'it asks a host too' },
  phases: {
    rooms: ['core', ...PHASES.map((name) => `phases/${name}/index.ts`)],
    packages: [],
    why: 'the list of the five',
  },
  cli: {
    rooms: [
      'core',
      'schema',
      'config',
      'remote',
      'facts',
      'render',
      'plan',
      'apply',
      'phases',
      'evidence',
      'gateway/main.ts',
      'sim/main.ts',
      'simulation/replay/replay.ts',
    ],
    packages: ['commander', 'chalk', 'ora', 'esbuild', 'yaml', 'diff', 'string-width', 'node:*'],
    why: 'it wires the operator’s half; of gateway and sim it knows the door',
  },
  simulation: {
    rooms: ['core', 'gateway/route', 'gateway/proxy/retry.ts'],
    packages: [],
    why: 'virtual time: it drives the gateway’s routing, and has no clock, no network and no file',
  },
  gateway: {
    rooms: ['core', 'schema', ...GATEWAY_ROOMS],
    packages: ['hono', '@hono/node-server', 'node:*'],
    why: 'an island: the program on the host knows nothing of deploying. The files of its root wire the rooms',
  },
  'gateway/process': {
    rooms: ['core', 'schema', 'gateway/gateway.ts', 'gateway/log.ts', 'gateway/control/control-flags.ts'],
    packages: ['yaml', 'node:*'],
    why: 'flags, signals and reload: it drives a gateway and serves no request',
  },
  'gateway/control': {
    rooms: ['core', 'schema', ...EXCHANGE, ...CONTROL],
    packages: ['node:*'],
    why: 'instances of one listener and their commands: it drives a gateway and serves no request of a client',
  },
  'gateway/http': {
    rooms: ['core', 'schema', ...CONTEXT],
    packages: ['node:*'],
    why: 'HTTP alone: it knows no API, no model and no backend',
  },
  'gateway/auth': {
    rooms: ['core', 'gateway/keys', ...CONTEXT],
    packages: ['node:*'],
    why: 'it answers one question: the owner of the key that came with the request',
  },
  'gateway/keys': {
    rooms: ['core', 'schema', 'gateway/store'],
    packages: [],
    why: 'it judges a key and knows no request',
  },
  'gateway/store': {
    rooms: ['core'],
    packages: ['node:*'],
    why: 'documents in a database, behind a port; it knows nothing of what is in them. The only room with node:sqlite',
  },
  'gateway/admin': {
    rooms: ['core', 'schema', ...CONTEXT, ...inGateway('auth http keys store key-records.ts log.ts service.ts')],
    packages: ['hono'],
    why: 'it answers calls about keys, teams and users; it forwards no request',
  },
  'gateway/limits': { rooms: ['core', 'gateway/keys'], packages: [], why: 'pure: time is an argument' },
  'gateway/api': {
    rooms: ['gateway/client-dialect.ts', ...CLIENT_DIALECTS.map((name) => `gateway/api/${name}`)],
    packages: ['node:http'],
    why: 'paths and dialects; it knows no server',
  },
  ...Object.fromEntries(CLIENT_DIALECTS.map((name) => [`gateway/api/${name}`, DIALECT_ROW])),
  'gateway/api/litellm': { rooms: DIALECT, packages: [], why: 'bodies about models; it knows no dialect' },
  'gateway/api/dialect': {
    rooms: ['core', ...EXCHANGE, 'gateway/client-dialect.ts'],
    packages: [],
    why: 'the base of all dialects',
  },
  'gateway/catalogue': {
    rooms: [
      'core',
      'schema',
      ...CONTEXT,
      ...inGateway(
        'service.ts http api/dialect api/ollama api/litellm proxy/failures.ts proxy/runner-options.ts upstream',
      ),
    ],
    packages: ['hono'],
    why: 'it answers what models there are; it forwards no request',
  },
  'gateway/health': {
    rooms: ['core', 'schema', 'gateway/http', 'gateway/route'],
    packages: ['node:timers'],
    why: 'it shows what routing knows, and asks no backend',
  },
  'gateway/metrics': {
    rooms: ['core', 'schema', 'gateway/request-context.ts', ...inGateway('keys limits route usage')],
    packages: ['node:*'],
    why: 'it counts what the access log says, what routing knows and what limits have used',
  },
  'gateway/proxy': {
    rooms: [
      'core',
      'schema',
      ...CONTEXT,
      ...inGateway('service.ts auth http keys limits scheduler route store/usage-line.ts upstream usage'),
    ],
    packages: ['node:http'],
    why: 'one request on its way; dialects reach it as data',
  },
  'gateway/scheduler': {
    rooms: ['core', 'schema', 'gateway/exchange.ts', 'gateway/log.ts', 'gateway/route', 'gateway/upstream'],
    packages: [],
    why: 'the loops around route: it carries out decisions and reports events',
  },
  'gateway/state': {
    rooms: ['core', 'gateway/log.ts'],
    packages: ['node:*'],
    why: 'documents that outlive a restart; it knows nothing of what is in them',
  },
  'gateway/route': { rooms: ['core'], packages: [], why: 'pure: events in, decisions out, time is an argument' },
  'gateway/upstream': {
    rooms: [...UPSTREAM, 'gateway/upstream/ollama', 'gateway/upstream/openai'],
    packages: ['undici', 'node:net'],
    why: 'the APIs of servers; the only room with undici; sockets tell whether they were used before',
  },
  'gateway/upstream/ollama': SERVER_ROW,
  'gateway/upstream/openai': SERVER_ROW,
  'gateway/usage': {
    rooms: ['core', 'schema', ...CONTEXT, ...inGateway('log.ts store')],
    packages: ['node:*'],
    why: 'the record of a request: its line in the log, its row in the journal, and the way of rows into the store',
  },
  sim: {
    rooms: ['core'],
    packages: ['node:*'],
    why: 'the simulated server must not share the gateway’s ideas of Ollama',
  },
};

/** Most lines of a file. A file that needs scrolling to understand has two ideas in it. */
export const MAX_LINES = 250;

/** Words in file names that name no idea. */
export const BANNED_NAMES = ['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'base', 'misc'];

/** Rooms that may use `process` and `console`; of the operator's half only cli. */
export const PROCESS_ROOMS = ['cli', 'gateway', 'sim'];
