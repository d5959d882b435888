import { fail, ok, type Result } from '../core/problem.ts';

// Characters that need a backslash between double quotes (systemd's SHELL_NEED_ESCAPE, and a POSIX shell).
const NEEDS_ESCAPE = /["\\`$]/g;
// systemd drops variables with other control characters than tab and line feed (env_value_is_valid).
const REFUSED =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000B-\u001F\u007F]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * Quotes a value for systemd's EnvironmentFile (systemd.exec(5), src/basic/env-file.c); a POSIX shell that reads the same
 * line gets the same value. `name` is what a Problem calls it; the value is never shown.
 */
export function quoteEnvironment(name: string, value: string): Result<string> {
  if (REFUSED.test(value)) {
    return fail({
      code: 'variables.unsuitable',
      summary: `cannot write ${name} to an environment file`,
      detail: 'Expected text without control characters, found one. systemd would drop the whole variable.',
      fix: `set ${name} to another value, for example to the output of: openssl rand -hex 32 | sed 's/^/sk-/'`,
    });
  }
  return ok(`"${value.replaceAll(NEEDS_ESCAPE, String.raw`\$&`)}"`);
}

/**
 * The text behind the last `NAME=` of an environment file, up to its line's end; `undefined` if none stands where a line begins for systemd: not
 * between quotes, and not behind a backslash.
 */
export function assignmentOf(name: string, text: string): string | undefined {
  let found: string | undefined;
  let open = '';
  for (const line of text.split('\n')) {
    const begins = open === '';
    if (begins && /^\s*[#;]/.test(line)) {
      // A comment, too, goes on behind a backslash (src/basic/env-file.c).
      open = /(?:^|[^\\])(?:\\\\)*\\$/.test(line) ? '#' : '';
      continue;
    }
    const [, variable, value = ''] = /^\s*(?:export\s+)?(\w+)\s*=(.*)$/.exec(line) ?? [];
    if (begins && variable === name) found = value;
    open = openAfter(open, line);
  }
  return found;
}

/** The quote, or the backslash, that is still open at the end of a line. */
function openAfter(before: string, line: string): string {
  if (before === '#') return line.endsWith('\\') ? '#' : '';
  let quote = before === '\\' ? '' : before;
  for (let index = 0; index < line.length; index += 1) {
    const sign = line[index] ?? '';
    if (sign === '\\' && quote !== "'") {
      if (index === line.length - 1) return quote === '' ? '\\' : quote;
      index += 1;
    } else if (sign === quote) quote = '';
    else if (quote === '' && (sign === '"' || sign === "'")) quote = sign;
  }
  return quote;
}
