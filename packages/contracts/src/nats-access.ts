/** Where NATS is, and how a service shows who it is: `nats` of the configuration. */
export interface NatsAccess {
  /** `nats://HOST:PORT` or `tls://HOST:PORT`, with `USER:PASSWORD@` where it asks for them; several with commas between them. */
  readonly url: string;
  /** A folder with a file for each service, named like it, that holds the password of the user of that name. */
  readonly passwordFolder?: string | undefined;
  /** The certificates of who may vouch for NATS' own; with `tls://` alone. */
  readonly caFile?: string | undefined;
}
