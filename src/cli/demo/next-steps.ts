import { quote } from '../../core/shell.ts';

/** The values for the last lines of a demo. */
export interface NextSteps {
  readonly url: string;
  readonly model: string;
  readonly masterKeyFile: string;
  /** The folder of each phase's run. */
  readonly evidence: readonly string[];
  readonly example: string;
  readonly stop: string;
}

/** The last lines of a demo: address, a curl command to paste, the line for an SDK, the look at its servers, the evidence, and how to stop it. */
export function nextSteps({ url, model, masterKeyFile, evidence, example, stop }: NextSteps): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] });
  return `
The gateway answers at ${url}. Paste this to ask it:

curl ${url}/v1/chat/completions \\
  -H "Authorization: Bearer $(cat ${quote(masterKeyFile)})" \\
  -H 'Content-Type: application/json' \\
  -d ${quote(body)}

The same from an OpenAI SDK:

  new OpenAI({ baseURL: '${url}/v1', apiKey: fs.readFileSync(${JSON.stringify(masterKeyFile)}, 'utf8').trim() })

Its servers, models and queues, once a second:

hxllm fleet --watch --url ${url} --key-file ${quote(masterKeyFile)}

Clients for Anthropic and Ollama use the base URL ${url} and the same key.

Evidence of each phase:
${evidence.map((folder) => `  ${folder}\n`).join('')}
The inventory as an example: ${example}
${stop}
`;
}
