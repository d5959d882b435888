import { AssertionError } from 'node:assert';
import { stripVTControlCharacters } from 'node:util';

const LENGTH = 240;

/** Expected and found, in one line. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return short(error);
  if (error instanceof AssertionError) return oneLine(describeAssertion(error));
  return oneLine(
    `${error.constructor.name}: ${stripVTControlCharacters(error.message)}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}`,
  );
}

function describeAssertion({ message, generatedMessage, operator, expected, actual }: AssertionError): string {
  const own = generatedMessage ? '' : (message.split('\n')[0] ?? '');
  if (operator === '==' || operator === 'fail')
    return generatedMessage
      ? message.replace(/^The expression evaluated to a falsy value:\s*/, 'does not hold: ')
      : own;
  if (operator === 'rejects')
    return actual instanceof Error
      ? `expected ${short(expected)}, found ${short(likeness(actual, expected))}`
      : 'expected an error, found none';
  return `${own === '' ? '' : `${own}: `}expected ${short(expected)}, found ${short(actual)}`;
}

/** The part of an error that was checked. */
function likeness(error: Error, expected: unknown): unknown {
  if (typeof expected !== 'object' || expected === null) return error;
  return Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(error, key) as unknown]));
}

function short(value: unknown): string {
  if (value instanceof RegExp) return String(value);
  if (typeof value === 'function') return value.name;
  if (value instanceof Error) return `${value.constructor.name}: ${value.message}`;
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : (JSON.stringify(value, (_, inner: unknown) => (inner instanceof RegExp ? String(inner) : inner)) ??
        String(value));
  return text.length <= LENGTH / 2 ? text : `${text.slice(0, LENGTH / 2)}…`;
}

function oneLine(text: string): string {
  // A random model may say anything.
  const line = stripVTControlCharacters(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '·')
    .trim();
  return line.length <= LENGTH * 1.5 ? line : `${line.slice(0, LENGTH * 1.5)}…`;
}
