import { excerpt, type JsonObject, type McpCapability, PermanentError, RefusedError, TransientError } from '@apwa/contracts';
import { type CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { type CapabilityCall } from '../capabilities/capability-call.js';
import { answered, parsedJson } from '../capabilities/answered.js';
import { type McpServers } from './mcp-servers.js';

/** Tries of a call whose connection ended. */
const TRIES = 3;
const BACKOFF_MS = 250;
/** The longest answer, in characters. */
const ANSWER_CHARACTERS = 1024 * 1024;

/** The calls of a server's tool. RefusedError if there is no such server. */
export const openMcp = (definition: McpCapability, servers: McpServers) => {
  const { server, tool, hash, timeoutMs, effects } = definition;
  const connection = servers.of(server);
  return {
    /** RefusedError if the tool is not there, or is another. A server that can't be reached just now is met when it is called. */
    prepare: async (): Promise<void> => {
      try {
        await connection.check(tool, hash);
      } catch (error) {
        if (error instanceof RefusedError) throw error;
      }
    },
    call: async ({ given, control, admission }: CapabilityCall): Promise<JsonObject | null> => {
      for (let tries = 1; ; tries++) {
        if (control.signal.aborted) return null;
        try {
          return outputOf(await connection.call(given, { tool, hash, timeoutMs, signal: control.signal }), definition);
        } catch (error) {
          if (control.signal.aborted) return null;
          if (!(error instanceof PermanentError)) throw error;
          // What the server says of it is known, and what became of it otherwise is not.
          if (effects === 'unsafe' && error.code !== 'capability_failed')
            throw new TransientError('uncertain', error.message, { cause: error });
          if (error.code !== 'connection' || tries === TRIES) throw error;
          if ((await admission.again({ kind: 'failed', afterMs: BACKOFF_MS * 2 ** (tries - 1) })) !== 'granted') return null;
        }
      }
    },
  };
};

const outputOf = ({ content, structuredContent, isError }: CallToolResult, definition: McpCapability): JsonObject => {
  const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  if (isError) throw new PermanentError('capability_failed', excerpt(text === '' ? 'the tool failed, and says not why' : text, 1_000));
  const length = structuredContent ? JSON.stringify(structuredContent).length : text.length;
  if (length > ANSWER_CHARACTERS)
    throw new PermanentError('capability_bad_output', `the tool answered with ${length} characters: ${ANSWER_CHARACTERS} are allowed`);
  if (definition.result === 'text') return { [definition.into ?? 'text']: text };
  return answered(structuredContent ?? parsedJson(text, 'the tool answered with a text'), definition, 'the tool');
};
