import { KEY } from '../../core/without-keys.ts';
import type { GatewayConfig } from '../../schema/gateway-config.ts';
import type { Failure } from '../exchange.ts';

/** Longest text of a server that a client gets, characters. */
const MOST_LENGTH = 1000;

const NAME = String.raw`[\w-]+(?:\.[\w-]+)*\.?`;

// Addresses, files and keys of the operator, in the words of Ollama, Go, Node, Python and proxies: "dial tcp 10.0.0.5:11434: connection
// refused", "lookup gpu-1 on 10.0.0.2:53", "HTTPConnectionPool(host='gpu-1', port=80)", "open /usr/share/ollama/…", "Incorrect API key
// provided: sk-…".
const PRIVATE: readonly (readonly [text: RegExp, instead: string])[] = [
  [/\b(?:https?|wss?|tcp|unix):\/\/[^\s"'<>)\]]*[^\s"'<>)\].,:;]/gi, '[address]'],
  [/(?:\b\d{1,3}(?:\.\d{1,3}){3}|\blocalhost|\[[0-9a-f:.]+(?:%\w+)?\])(?::\d{1,5})?(?![\w.])/gi, '[address]'],
  [
    /(?<![\w:.])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?::[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)(?![\w:])/gi,
    '[address]',
  ],
  [new RegExp(String.raw`(\b(?:dial (?:tcp|udp)|ENOTFOUND|EAI_AGAIN) )${NAME}(?::\d{1,5})?`, 'g'), '$1[address]'],
  [new RegExp(String.raw`(\blookup )${NAME}(?= on\b|: |$)`, 'g'), '$1[address]'],
  [new RegExp(String.raw`(\b(?:host=|resolve )["'\x60])${NAME}`, 'g'), '$1[address]'],
  // A name with a dot and a port, or a port of five digits: the tag of a model has letters, or fewer digits.
  [
    new RegExp(String.raw`(?<![\w./-])${NAME}(?<=[a-z][\w.-]*):(?:\d{5}|(?<=\.[\w.-]+:)\d{4})(?![\w.:])`, 'gi'),
    '[address]',
  ],
  [
    new RegExp(
      String.raw`(?<![\w./-])${NAME}(?<=\.(?:local|localdomain|internal|intranet|lan|home|corp|svc)\.?)(?![\w.-])`,
      'gi',
    ),
    '[address]',
  ],
  [
    /(?<![\w.#])\/(?:root|home|usr|var|opt|etc|tmp|mnt|srv|data|run|proc|app|workspace|models|Users)\/[^\s"',;)]*/g,
    '[path]',
  ],
  [/\b[A-Z]:\\[^\s"',;)]+/g, '[path]'],
  [KEY, '[key]'],
];

/** The servers of a configuration. */
type Backends = readonly Pick<GatewayConfig['backends'][number], 'url'>[];

/**
 * A failure as a client gets it: without the operator's addresses, files and keys, which servers put into their errors. The names of the
 * configured servers are left out wherever they stand, if they have a dot; a single word may be one of the text.
 */
export function clientFailure(failure: Failure, backends: Backends): Failure {
  // The patterns take long for a long word, which a server may quote from its client.
  const start = failure.message.slice(0, 2 * MOST_LENGTH);
  const plain = PRIVATE.reduce((message, [pattern, instead]) => message.replace(pattern, instead), start);
  const names = namesOf(backends);
  const text = plain.replace(/[\w-]+(?:\.[\w-]+)+/g, (word) => (names.has(word.toLowerCase()) ? '[address]' : word));
  return text === failure.message && text.length <= MOST_LENGTH
    ? failure
    : { ...failure, message: text.slice(0, MOST_LENGTH) };
}

const NAMES = new WeakMap<Backends, ReadonlySet<string>>();

function namesOf(backends: Backends): ReadonlySet<string> {
  const known = NAMES.get(backends);
  if (known !== undefined) return known;
  const names = new Set(backends.map(({ url }) => new URL(url).hostname));
  NAMES.set(backends, names);
  return names;
}
