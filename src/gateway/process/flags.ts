import { errorMessage } from '../../core/error.ts';
import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../core/problem.ts';

/** The gateway's command line, parsed. */
export interface Flags {
  readonly help: boolean;
  readonly config: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly check: boolean;
}

/** The help text. */
export const USAGE = `Usage: gateway --config FILE [--host HOST] [--port PORT] [--check]

  --config FILE   the configuration, in LiteLLM's format (config.yaml)
  --host HOST     the address to listen on (default: that of hxllm.listen, else 127.0.0.1)
  --port PORT     the port to listen on (default: that of hxllm.listen, else 4000)
  --check         check the configuration and exit
  -h, --help      print this help

Sockets that systemd passes come before all of these.
`;

const OPTIONS = {
  config: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  check: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Parses the command line; `program` is the gateway's name in messages. */
export function parseFlags(argv: readonly string[], program: string): Result<Flags> {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: true });
    const { config, host, port, check = false, help = false } = values;
    if (config === undefined && !help) return wrong('expected --config FILE, found no --config', program);
    const number = port === undefined ? undefined : Number(port);
    if (number !== undefined && !(/^\d+$/.test(port ?? '') && number <= 65_535))
      return wrong(`expected a port from 0 to 65535 after --port, found ${JSON.stringify(port)}`, program);
    return ok({ help, config: config ?? '', host, port: number, check });
  } catch (error) {
    return wrong(errorMessage(error).split('\n', 1)[0] ?? '', program);
  }
}

function wrong(detail: string, program: string): Result<never> {
  return fail({
    code: 'usage.gateway',
    summary: 'wrong usage of the gateway',
    detail: `${detail.charAt(0).toUpperCase()}${detail.slice(1).replace(/\.$/, '')}.`,
    fix: `${program} --help`,
  });
}
