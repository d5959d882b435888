import { isObject, textOf } from '../../core/json.ts';
import { ok } from '../../core/problem.ts';
import { callForObject } from '../keys/call-gateway.ts';
import { runOnGateway, type GatewayCommandOptions } from '../keys/gateway-command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { columnsOf } from '../views/columns.ts';
import { createPaint } from '../views/paint.ts';
import { usageCsv, usageTable } from '../views/usage.ts';

/** The options of `hxllm usage`. */
export interface UsageOptions extends GatewayCommandOptions {
  readonly by: string;
  /** The first day, `YYYY-MM-DD`. */
  readonly since: string;
  readonly until?: string;
  readonly csv?: boolean;
}

/** `hxllm usage` */
export function showUsage(
  terminal: Terminal,
  { by, since, until, csv = false, ...options }: UsageOptions,
): Promise<number> {
  return runOnGateway(terminal, 'usage', options, async (gateway, signal) => {
    const query = new URLSearchParams({ by, since, ...(until === undefined ? {} : { until }) });
    const answer = await callForObject(gateway, `/usage?${query.toString()}`, signal);
    if (!answer.ok) return answer;
    const { value } = answer.value;
    const rows = Array.isArray(value['rows']) ? value['rows'].filter(isObject) : [];
    const paint = createPaint(terminal.environment, terminal.stdout.isTty);
    return ok({
      lines: csv ? usageCsv(by, rows) : usageTable(by, rows, paint, columnsOf(terminal.stdout.columns())),
      fields: { by, since: textOf(value, 'since'), until: textOf(value, 'until'), rows },
    });
  });
}
