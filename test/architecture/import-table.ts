/** One row: what the files of a room may import, and why the rest is refused. Entries are path prefixes below `src/`, or packages. */
export interface Row {
  readonly rooms: readonly string[];
  /** Package names; `node:*` means any of Node's modules. */
  readonly packages: readonly string[];
  readonly why: string;
}

const PHASE = ['core', 'schema', 'facts', 'config/config.ts', 'config/lacking.ts'];
const PHASES = ['preflight', 'inventory', 'validate', 'enforce', 'smoke'];
const DIALECT = ['core', 'schema', 'gateway/exchange.ts', 'gateway/dialect'];

/**
 * Who may import whom; what is not listed is refused, type-only imports included. A room's own files are always
 * allowed. The row with the longest matching prefix holds. A package that is added gets a dated line in src/README.md.
 */
export const IMPORTS: Readonly<Record<string, Row>> = {
  core: { rooms: [], packages: ['node:crypto'], why: 'the vocabulary is pure, so that everything may lean on it' },
  schema: { rooms: ['core'], packages: [], why: 'the treaty between the halves is data' },
  facts: { rooms: ['core'], packages: [], why: 'facts ask and parse; reaching a host is the business of remote' },
  config: {
    rooms: ['core'],
    packages: ['yaml', 'node:*'],
    why: 'the operator’s files are read without knowing any host',
  },
  render: {
    rooms: ['core', 'schema', 'config/config.ts'],
    packages: ['yaml', 'node:fs', 'node:path'],
    why: 'what is rendered depends on what is wanted, never on what a host has',
  },
  plan: { rooms: ['core', 'facts', 'render'], packages: [], why: 'pure: a plan that could act could lie' },
  apply: {
    rooms: ['core', 'plan/plan.ts'],
    packages: ['node:*'],
    why: 'it executes the plan it was given and asks nothing again',
  },
  remote: { rooms: ['core'], packages: ['ssh2', 'node:*'], why: 'the only place that knows ssh2' },
  evidence: { rooms: ['core'], packages: ['node:*'], why: 'it keeps what it is given' },
  'phases/preflight': { rooms: PHASE, packages: [], why: 'a phase gets host and recorder as arguments' },
  'phases/inventory': {
    rooms: [...PHASE, 'config/edit', 'config/vault', 'config/shown-path.ts'],
    packages: [],
    why: 'it returns changes as data; cli writes them',
  },
  'phases/validate': { rooms: [...PHASE, 'render'], packages: ['yaml'], why: 'it judges renders and touches no host' },
  'phases/enforce': { rooms: [...PHASE, 'render', 'plan', 'apply'], packages: [], why: 'the only phase that acts' },
  'phases/smoke': {
    rooms: PHASE,
    packages: ['undici', 'node:net', 'node:tls', 'node:dns'],
    why: 'it speaks to the gateway over HTTP alone',
  },
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
    ],
    packages: ['commander', 'chalk', 'ora', 'esbuild', 'yaml', 'diff', 'node:*'],
    why: 'it wires the operator’s half; of gateway and sim it knows the door',
  },
  gateway: {
    rooms: [
      'core',
      'schema',
      'gateway/openai',
      'gateway/responses',
      'gateway/anthropic',
      'gateway/ollama',
      'gateway/route',
      'gateway/dialect',
    ],
    packages: ['hono', '@hono/node-server', 'undici', 'yaml', 'node:*'],
    why: 'an island: what runs on the host knows nothing of deploying',
  },
  'gateway/openai': { rooms: DIALECT, packages: [], why: 'a dialect translates and knows no other' },
  'gateway/responses': { rooms: DIALECT, packages: [], why: 'a dialect translates and knows no other' },
  'gateway/anthropic': { rooms: DIALECT, packages: [], why: 'a dialect translates and knows no other' },
  'gateway/ollama': { rooms: DIALECT, packages: [], why: 'a dialect translates and knows no other' },
  'gateway/dialect': {
    rooms: ['core', 'gateway/exchange.ts'],
    packages: [],
    why: 'what all dialects stand on, so that none needs another',
  },
  'gateway/route': { rooms: ['core'], packages: [], why: 'pure: events in, decisions out, time is an argument' },
  sim: {
    rooms: ['core'],
    packages: ['node:*'],
    why: 'the simulated server must not share the gateway’s ideas of Ollama',
  },
};

/** Lines a file may have. A file that needs scrolling to understand has two ideas in it. */
export const MAX_LINES = 250;

/** Words that name no idea. */
export const BANNED_NAMES = ['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'base', 'misc'];

/** Rooms that may use `process` and `console`; of the operator's half only cli. */
export const PROCESS_ROOMS = ['cli', 'gateway', 'sim'];
