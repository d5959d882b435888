import { InvalidArgumentError, Option, type Command } from 'commander';
import type { UsageOptions } from '../actions/usage.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { csvOption, gatewayClientCommand, judgeGatewayOptions } from './gateway-options.ts';
import type { HandOn } from './servers.ts';

const DAY_MS = 86_400_000;
const MOST_DAYS = 3 * 365;

/** `hxllm usage` */
export function usageCommand(handOn: HandOn): Command {
  return gatewayClientCommand({
    name: 'usage',
    purpose: 'Show the usage of a running gateway',
    description: 'Requests, tokens and cost, summed up over days of UTC.',
    examples: [
      ['usage --by key --since 30d', 'the keys of the last 30 days, the most tokens first'],
      ['usage --by day --since 2026-11-01 --csv', 'for a spreadsheet'],
    ],
    page: 'operations',
  })
    .addOption(
      new Option('--by <what>', 'sum up by this')
        .choices(['day', 'key', 'team', 'user', 'model', 'backend', 'tag'])
        .default('day'),
    )
    .addOption(
      new Option('--since <time>', 'the last so many days or weeks, such as 30d or 4w, or from a day on, YYYY-MM-DD')
        .argParser(sinceDay)
        .default(sinceDay('30d'), '30d'),
    )
    .addOption(new Option('--until <day>', 'up to this day, YYYY-MM-DD (default: today)').argParser(dayOf))
    .addOption(csvOption())
    .action((options: UsageOptions, command: Command) => {
      judgeGatewayOptions(options, command);
      return handOn([], async () => {
        const { showUsage } = await import('../actions/usage.ts');
        return () => showUsage(processTerminal(), options);
      });
    });
}

/** The first day of a time: 1d is today alone. */
function sinceDay(text: string): string {
  const [, count, unit] = /^(\d{1,4})([dw])$/.exec(text) ?? [];
  if (count === undefined) return dayOf(text);
  const days = Number(count) * (unit === 'w' ? 7 : 1);
  if (days < 1 || days > MOST_DAYS)
    throw new InvalidArgumentError(`Expected 1d to ${String(MOST_DAYS)}d, since sums are kept for three years.`);
  return new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
}

function dayOf(text: string): string {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text)
    throw new InvalidArgumentError('Expected days or weeks such as 30d or 4w, or a day such as 2026-11-01.');
  return text;
}
