import type { Body } from '../dialect/body.ts';
import { customFunction } from '../dialect/custom-tool.ts';
import { isObject, textOf, type Json } from '../../json.ts';
import type { ChatRequest, Tool } from '../../exchange.ts';

/** The parsed tool parameters of a chat. */
export interface ChatTools extends Pick<ChatRequest, 'tools' | 'mustCall' | 'parallelCalls'> {
  /** The names of the custom tools: their calls carry free text. */
  readonly customTools: ReadonlySet<string>;
}

interface ChatTool extends Tool {
  readonly kind: 'function' | 'custom';
}

const NO_TOOLS: Pick<ChatTools, 'tools' | 'customTools'> = { tools: [], customTools: new Set() };

/** Reads `tools`, `tool_choice` and `parallel_tool_calls`. Parts that cannot be enforced are added to `ignoredParams`. */
export function readChatTools(body: Body, ignoredParams: string[]): ChatTools {
  const known = (body.list('tools') ?? []).map((tool, index) =>
    readTool(body, tool, `tools[${String(index)}]`, ignoredParams),
  );
  const parallelCalls = body.flag('parallel_tool_calls') ?? true;
  const { allowed, mustCall } = readChoice(body, known);
  if (known.length === 0) return { ...NO_TOOLS, mustCall, parallelCalls };
  return {
    tools: allowed.map(({ name, definition }) => ({ name, definition })),
    mustCall,
    parallelCalls,
    customTools: new Set(known.filter(({ kind }) => kind === 'custom').map(({ name }) => name)),
  };
}

function readChoice(
  body: Body,
  known: readonly ChatTool[],
): { readonly allowed: readonly ChatTool[]; readonly mustCall: boolean } {
  const choice = body.value('tool_choice') ?? 'auto';
  if (choice === 'auto') return { allowed: known, mustCall: false };
  if (choice === 'none') return { allowed: [], mustCall: false };
  const requested = choice === 'required' ? { names: undefined, mustCall: true } : requestedTools(choice);
  const allowed =
    requested?.names === undefined ? known : known.filter(({ kind, name }) => requested.names.has(`${kind} ${name}`));
  if (requested === undefined)
    body.refuse(
      'tool_choice',
      'Invalid value for \'tool_choice\'. Supported values are: \'none\', \'auto\', \'required\', {"type": "function", "function": {"name": …}}, {"type": "custom", "custom": {"name": …}}, and {"type": "allowed_tools", "allowed_tools": {"mode": "auto" or "required", "tools": […]}}.',
    );
  else if (allowed.length === 0 && requested.mustCall)
    body.refuse('tool_choice', "Invalid value for 'tool_choice': the requested tool is not in 'tools'.");
  return { allowed, mustCall: requested?.mustCall ?? true };
}

/** The tools that a choice names, each by its kind and name, and whether one of them has to be called. */
function requestedTools(
  choice: unknown,
): { readonly names: ReadonlySet<string>; readonly mustCall: boolean } | undefined {
  const named = kindAndName(choice);
  if (named !== undefined) return { names: new Set([named]), mustCall: true };
  const allowed = isObject(choice) && choice['type'] === 'allowed_tools' ? choice['allowed_tools'] : undefined;
  if (!isObject(allowed)) return undefined;
  const { mode, tools } = allowed;
  if ((mode !== 'auto' && mode !== 'required') || !Array.isArray(tools)) return undefined;
  const names = tools.map(kindAndName);
  return names.every((name) => name !== undefined)
    ? { names: new Set(names), mustCall: mode === 'required' }
    : undefined;
}

function kindAndName(tool: unknown): string | undefined {
  const type = isObject(tool) ? tool['type'] : undefined;
  const named = isObject(tool) && (type === 'function' || type === 'custom') ? tool[type] : undefined;
  return isObject(named) && typeof named['name'] === 'string' ? `${String(type)} ${named['name']}` : undefined;
}

function readTool(body: Body, tool: unknown, at: string, ignoredParams: string[]): ChatTool {
  const { type, function: fn, custom }: Json = isObject(tool) ? tool : {};
  if (isObject(tool) && type === 'function' && isObject(fn) && typeof fn['name'] === 'string')
    return { kind: 'function', name: fn['name'], definition: tool };
  if (type === 'custom' && isObject(custom) && typeof custom['name'] === 'string')
    return {
      kind: 'custom',
      name: custom['name'],
      definition: customDefinition(custom['name'], custom, ignoredParams),
    };
  body.refuse(
    at,
    `Invalid '${at}': expected {"type": "function", "function": {"name": …}} or {"type": "custom", "custom": {"name": …}}.`,
  );
  return { kind: 'function', name: '', definition: {} };
}

function customDefinition(name: string, custom: Json, ignoredParams: string[]): Json {
  const format: Json = isObject(custom['format']) ? custom['format'] : {};
  const grammar: Json = isObject(format['grammar']) ? format['grammar'] : {};
  if (format['type'] === 'grammar') ignoredParams.push('tools.custom.format');
  const description = textOf(custom, 'description');
  const { definition, syntax } = { definition: textOf(grammar, 'definition'), syntax: textOf(grammar, 'syntax') };
  return { type: 'function', function: { name, ...customFunction({ description, grammar: definition, syntax }) } };
}
