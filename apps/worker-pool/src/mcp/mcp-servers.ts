import { type McpServerConfig } from '@apwa/config';
import { type CallLimits, RefusedError } from '@apwa/contracts';
import { Web } from '../web/web.js';
import { McpConnection } from './mcp-connection.js';

/** The servers of the configuration: plans and models name them, and can bring none. */
export class McpServers {
  readonly #connections = new Map<string, McpConnection>();
  readonly #web: Web;

  constructor(private readonly configured: Readonly<Record<string, McpServerConfig>>) {
    // Whoever wrote the configuration has named their hosts.
    this.#web = new Web({ allowedHosts: Object.values(configured).flatMap(({ url }) => (url === undefined ? [] : [new URL(url).host])) });
  }

  /** RefusedError if the configuration has no server of that name. */
  of(name: string): McpConnection {
    const known = this.#connections.get(name);
    if (known) return known;
    const server = Object.hasOwn(this.configured, name) ? this.configured[name] : undefined;
    if (!server)
      throw new RefusedError('unknown_server', `The configuration has no MCP server ${name}.`, {
        field: 'server',
        value: name,
        allowed: Object.keys(this.configured).join(', ') || 'none: the configuration has no mcpServers',
      });
    const made = new McpConnection(name, server, this.#web);
    this.#connections.set(name, made);
    return made;
  }

  /** What calls of its tools are held to. */
  limitsOf(name: string): CallLimits | undefined {
    return Object.hasOwn(this.configured, name) ? this.configured[name]?.limits : undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((one) => one.close()));
    await this.#web.close();
  }
}
