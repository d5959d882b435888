import type { Body } from '../dialect/body.ts';
import { isObject, textOf } from '../../json.ts';
import type { KnownTool } from './tool.ts';

/** Which tools may be called, and whether one has to be. */
export interface ToolChoice {
  readonly allowed: readonly KnownTool[];
  readonly mustCall: boolean;
}

/** Reads `tool_choice`, in any of its forms. */
export function readToolChoice(body: Body, known: readonly KnownTool[]): ToolChoice {
  const choice = body.value('tool_choice') ?? 'auto';
  if (choice === 'auto') return { allowed: known, mustCall: false };
  if (choice === 'none') return { allowed: [], mustCall: false };
  const wanted = wantedBy(choice);
  const allowed =
    wanted === undefined
      ? known
      : known.filter(
          ({ tool, kind, name }) => wanted.tools.has(`${kind} ${name}`) || wanted.tools.has(`${kind} ${tool.name}`),
        );
  const mustCall = wanted?.mustCall ?? true;
  if (wanted === undefined && choice !== 'required')
    body.refuse(
      'tool_choice',
      'Invalid value for \'tool_choice\'. Supported values are: \'none\', \'auto\', \'required\', {"type": "function", "name": …}, {"type": "custom", "name": …}, and {"type": "allowed_tools", "mode": …, "tools": […]}; this server runs no tools of its own.',
    );
  else if (mustCall && allowed.length === 0)
    body.refuse(
      'tool_choice',
      "Invalid value for 'tool_choice': the tool it asks for is not among 'tools', or is none that this server knows.",
    );
  return { allowed, mustCall };
}

interface WantedAnswer {
  /** Each by its type and name. */
  readonly tools: ReadonlySet<string>;
  readonly mustCall: boolean;
}

function wantedBy(choice: unknown): WantedAnswer | undefined {
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
