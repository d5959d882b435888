import type { Body } from '../dialect/body.ts';
import { isObject, textOf } from '../../json.ts';
import type { KnownTool } from './tool.ts';

/** The tools that the model may call, and whether it must call one. */
export interface ToolChoice {
  readonly allowed: readonly KnownTool[];
  readonly mustCall: boolean;
}

/** Reads `tool_choice`, in all its forms. */
export function readToolChoice(body: Body, knownTools: readonly KnownTool[]): ToolChoice {
  const choice = body.value('tool_choice') ?? 'auto';
  if (choice === 'auto') return { allowed: knownTools, mustCall: false };
  if (choice === 'none') return { allowed: [], mustCall: false };
  const requested = requestedTools(choice);
  const allowed =
    requested === undefined
      ? knownTools
      : knownTools.filter(
          ({ tool, kind, name }) =>
            requested.tools.has(`${kind} ${name}`) || requested.tools.has(`${kind} ${tool.name}`),
        );
  const mustCall = requested?.mustCall ?? true;
  if (requested === undefined && choice !== 'required')
    body.refuse(
      'tool_choice',
      'Invalid value for \'tool_choice\'. Supported values are: \'none\', \'auto\', \'required\', {"type": "function", "name": …}, {"type": "custom", "name": …}, and {"type": "allowed_tools", "mode": …, "tools": […]}; this server runs no tools of its own.',
    );
  else if (mustCall && allowed.length === 0)
    body.refuse(
      'tool_choice',
      "Invalid value for 'tool_choice': the requested tool is not in 'tools', or this server does not support its type.",
    );
  return { allowed, mustCall };
}

interface RequestedTools {
  /** Type and name of each tool, separated by a space. */
  readonly tools: ReadonlySet<string>;
  readonly mustCall: boolean;
}

function requestedTools(choice: unknown): RequestedTools | undefined {
  if (!isObject(choice)) return undefined;
  const { type, name, mode, tools } = choice;
  if ((type === 'function' || type === 'custom') && typeof name === 'string')
    return { tools: new Set([`${type} ${name}`]), mustCall: true };
  if (type !== 'allowed_tools' || !Array.isArray(tools) || (mode !== 'auto' && mode !== 'required')) return undefined;
  return {
    tools: new Set(tools.filter(isObject).map((tool) => `${textOf(tool, 'type')} ${textOf(tool, 'name')}`)),
    mustCall: mode === 'required',
  };
}
