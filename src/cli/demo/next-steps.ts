import { quote } from '../../core/shell.ts';

/** What a person needs to use the gateway that the demo has left running. */
export interface NextSteps {
  readonly url: string;
  readonly model: string;
  readonly masterKeyFile: string;
  /** The folder of each phase's run. */
  readonly evidence: readonly string[];
  readonly example: string;
  readonly stop: string;
}

/** The last words of a demo: address, a curl line to paste, the line for an SDK, the evidence, how it ends. */
export function nextSteps({ url, model, masterKeyFile, evidence, example, stop }: NextSteps): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] });
  return `
The gateway answers at ${url}. Ask it (this can be pasted):

curl ${url}/v1/chat/completions \\
  -H "Authorization: Bearer $(cat ${quote(masterKeyFile)})" \\
  -H 'Content-Type: application/json' \\
  -d ${quote(body)}

The same from an OpenAI SDK:

  new OpenAI({ baseURL: '${url}/v1', apiKey: fs.readFileSync(${JSON.stringify(masterKeyFile)}, 'utf8').trim() })

Clients of Anthropic and Ollama take ${url} as base URL, with the same key.

Evidence of each phase:
${evidence.map((folder) => `  ${folder}\n`).join('')}
The inventory, to read: ${example}
${stop}
`;
}
