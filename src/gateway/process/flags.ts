import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../core/problem.ts';

/** What a gateway's command line says. */
export interface Flags {
  readonly help: boolean;
  readonly config: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly check: boolean;
}

/** How the gateway is called. */
export const USAGE = `Usage: gateway --config FILE [--host HOST] [--port PORT] [--check]

  --config FILE   LiteLLM's config.yaml
  --host HOST     listen here instead of hxllm.listen (else 127.0.0.1)
  --port PORT     listen there instead of hxllm.listen (else 4000)
  --check         only check the configuration
`;

const OPTIONS = {
  config: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  check: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the command line; `program` is what the gateway is called as. */
export function parseFlags(argv: readonly string[], program: string): Result<Flags> {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS, strict: true });
    const { config, host, port, check = false, help = false } = values;
    if (config === undefined && !help) return wrong('wanted --config FILE, seen no --config', program);
    const number = port === undefined ? undefined : Number(port);
    if (number !== undefined && !(/^\d+$/.test(port ?? '') && number <= 65_535))
      return wrong(`wanted a port from 0 to 65535 after --port, seen ${JSON.stringify(port)}`, program);
    return ok({ help, config: config ?? '', host, port: number, check });
  } catch (error) {
    return wrong(error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error), program);
  }
}

function wrong(detail: string, program: string): Result<never> {
  return fail({
    code: 'usage.gateway',
    summary: 'the gateway cannot be called like this',
    detail: `${detail.charAt(0).toUpperCase()}${detail.slice(1).replace(/\.$/, '')}.`,
    fix: `${program} --help`,
  });
}
