import { type McpServerConfig } from '@apwa/config';
import { excerpt, type JsonObject, PermanentError, RefusedError } from '@apwa/contracts';
import { hideSecrets } from '@apwa/service';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { type CallToolResult, ErrorCode, McpError, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Web } from '../web/web.js';
import { hashOfTool } from './tool-hash.js';
import { guardAgainstFloods, transportTo } from './transports.js';

const CONNECT_MS = 10_000;
const PING_MS = 2_000;
/** Pages of tools that are asked for. */
const MOST_PAGES = 20;

/** Results are checked by us: schemas of a server are compiled by nobody. */
const NOTHING_CHECKED = {
  getValidator:
    <T>() =>
    (input: unknown) => ({ valid: true as const, data: input as NonNullable<T>, errorMessage: undefined }),
};

interface Session {
  readonly client: Client;
  /** Hashes of its tools by name. */
  tools: Promise<ReadonlyMap<string, string>>;
}

export interface ToolCallOptions {
  tool: string;
  /** That it must have. */
  hash: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** A server and the one connection that all calls of this member share: made when it is needed, closed when it is not. */
export class McpConnection {
  #session: Promise<Session> | null = null;
  #inFlight = 0;
  #idle: NodeJS.Timeout | undefined;
  /** With the word before them, such as Bearer, and without. */
  readonly #secrets: string[];

  constructor(
    private readonly name: string,
    private readonly server: McpServerConfig,
    private readonly web: Web,
  ) {
    this.#secrets = Object.values(server.headers).flatMap((value) => [value, value.slice(value.lastIndexOf(' ') + 1)]);
  }

  /** RefusedError if the server has no such tool, or has changed it. PermanentError `connection` if it can't be reached. */
  async check(tool: string, hash: string): Promise<void> {
    await this.#during(async (session) => this.#checkTool(await session.tools, tool, hash));
  }

  /** What a tool answers. PermanentError: `connection`, `capability_timeout`, `capability_failed`; RefusedError as with `check`. */
  async call(given: JsonObject, { tool, hash, timeoutMs, signal }: ToolCallOptions): Promise<CallToolResult> {
    return this.#during(async (session) => {
      this.#checkTool(await session.tools, tool, hash);
      try {
        const asked = { name: tool, arguments: given };
        return this.#hidden((await session.client.callTool(asked, undefined, { timeout: timeoutMs, signal })) as CallToolResult);
      } catch (thrown) {
        if (thrown instanceof McpError && (thrown.code as ErrorCode) === ErrorCode.RequestTimeout) {
          await this.#dropUnlessAlive(session);
          throw new PermanentError('capability_timeout', `${tool} of ${this.name} took longer than ${timeoutMs} ms`, { cause: thrown });
        }
        throw thrown;
      }
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const session = this.#session;
    this.#session = null;
    await session?.then(
      ({ client }) => client.close(),
      () => undefined,
    );
  }

  async #during<T>(work: (session: Session) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#inFlight++;
    const session = (this.#session ??= this.#connect());
    try {
      return await work(await session);
    } catch (thrown) {
      throw this.#errorOf(thrown, session);
    } finally {
      if (--this.#inFlight === 0) this.#idle = setTimeout(() => void this.close(), this.server.idleMs).unref();
    }
  }

  async #connect(): Promise<Session> {
    const client = new Client({ name: 'apwa', version: '1' }, { capabilities: {}, jsonSchemaValidator: NOTHING_CHECKED });
    const transport = transportTo(this.server, this.web);
    try {
      await client.connect(transport, { timeout: CONNECT_MS });
      guardAgainstFloods(transport);
      const session = { client, tools: toolsOf(client) };
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        session.tools = toolsOf(client);
        // Whoever calls next meets it.
        session.tools.catch(() => undefined);
      });
      client.onclose = () => this.#forget(client);
      // A fault of the transport is told to whoever waits for an answer.
      client.onerror = () => undefined;
      await session.tools;
      return session;
    } catch (thrown) {
      await client.close().catch(() => undefined);
      throw thrown;
    }
  }

  #forget(client: Client): void {
    const session = this.#session;
    void session?.then(
      (one) => {
        if (one.client === client && this.#session === session) this.#session = null;
      },
      () => undefined,
    );
  }

  /** A server that answers nobody any more is not asked again: whoever calls next gets another. */
  async #dropUnlessAlive({ client }: Session): Promise<void> {
    try {
      await client.ping({ timeout: PING_MS });
    } catch {
      this.#forget(client);
      void client.close().catch(() => undefined);
    }
  }

  /** Whoever is called may tell what it was sent. */
  #hidden(result: CallToolResult): CallToolResult {
    return this.#secrets.length === 0 ? result : (JSON.parse(this.#hide(JSON.stringify(result))) as CallToolResult);
  }

  #hide(text: string): string {
    return hideSecrets(text, this.#secrets);
  }

  #checkTool(tools: ReadonlyMap<string, string>, tool: string, hash: string): void {
    const found = tools.get(tool);
    if (found === undefined)
      throw new RefusedError('unknown_tool', `Server ${this.name} has no tool ${excerpt(tool, 60)}.`, {
        field: 'tool',
        value: tool,
        allowed: excerpt([...tools.keys()].join(', '), 1_000),
      });
    if (found !== hash)
      throw new RefusedError(
        'tool_changed',
        `Tool ${tool} of server ${this.name} is not the one that was agreed to: its hash is ${found}, not ${hash}.`,
        {
          field: 'hash',
          value: hash,
          allowed: found,
        },
      );
  }

  #errorOf(thrown: unknown, session: Promise<Session>): unknown {
    if (thrown instanceof PermanentError || thrown instanceof RefusedError) return this.#forgetFailed(thrown, session);
    if (
      thrown instanceof McpError &&
      (thrown.code as ErrorCode) !== ErrorCode.ConnectionClosed &&
      (thrown.code as ErrorCode) !== ErrorCode.RequestTimeout
    )
      return new PermanentError('capability_failed', `server ${this.name}: ${excerpt(this.#hide(thrown.message), 1_000)}`, {
        cause: thrown,
      });
    const reason = thrown instanceof Error ? ((thrown as NodeJS.ErrnoException).code ?? thrown.message) : String(thrown);
    return this.#forgetFailed(
      new PermanentError('connection', `no connection with server ${this.name} (${excerpt(this.#hide(String(reason)), 200)})`, {
        cause: thrown,
      }),
      session,
    );
  }

  /** A session that did not come about is not kept. */
  #forgetFailed<E>(error: E, session: Promise<Session>): E {
    session.catch(() => {
      if (this.#session === session) this.#session = null;
    });
    return error;
  }
}

const toolsOf = async (client: Client): Promise<ReadonlyMap<string, string>> => {
  const tools = new Map<string, string>();
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { tools: some, nextCursor } = await client.listTools(cursor === undefined ? {} : { cursor }, { timeout: CONNECT_MS });
    for (const tool of some) tools.set(tool.name, hashOfTool(tool));
    if (nextCursor === undefined) break;
    cursor = nextCursor;
  }
  return tools;
};
