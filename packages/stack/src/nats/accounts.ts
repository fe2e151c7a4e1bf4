import { permissionsOf, type ServiceName, serviceNames } from '@apwa/contracts';

/** Of an account of JetStream; bytes. */
export interface JournalLimits {
  maxFile: string;
  /** Two at a time are used: one that is written, and the one before it. */
  maxStreams: number;
}

/** The variable that holds the password of a service's user. */
export const passwordVariable = (service: ServiceName): string => `PASSWORD_${service.toUpperCase().replaceAll('-', '_')}`;

const list = (name: string, subjects: readonly string[]): string[] =>
  subjects.length === 0
    ? // Nothing at all: an empty list would allow everything.
      [`          ${name}: { deny: ">" }`]
    : [`          ${name}: [`, ...subjects.map((subject) => `            ${JSON.stringify(subject)}`), '          ]'];

const userOf = (service: ServiceName): string[] => {
  const { publish, subscribe, replies } = permissionsOf(service);
  return [
    '      {',
    `        user: ${service}`,
    `        password: $${passwordVariable(service)}`,
    '        permissions {',
    ...list('publish', publish),
    ...list('subscribe', subscribe),
    ...(replies ? [`          allow_responses: { max: ${replies.max}, expires: "${replies.withinMs / 1_000}s" }`] : []),
    '        }',
    '      }',
  ];
};

/**
 * The account of a NATS server for APWA, with a user for each service that may say and hear what the contracts say, in the server's
 * own configuration language. `administrator`: the variable with the password of a user of that name, who may do everything.
 */
export const natsAccounts = (limits: JournalLimits | null, administrator?: string): string =>
  [
    'accounts {',
    '  APWA {',
    ...(limits
      ? [
          '    jetstream {',
          '      # The journal is on disk alone.',
          '      max_memory: 0',
          '      # Well below the volume: at this bound the journal refuses loudly, instead of JetStream switching itself off on a full disk.',
          `      max_file: ${limits.maxFile}`,
          '      # One that is written to, the one before it, and room for what an interrupted clean-up left.',
          `      max_streams: ${limits.maxStreams}`,
          '    }',
        ]
      : ['    jetstream: enabled']),
    '    users: [',
    ...serviceNames.flatMap(userOf),
    ...(administrator ? [`      { user: administrator, password: $${administrator} }`] : []),
    '    ]',
    '  }',
    '}',
    '',
  ].join('\n');

/** Limits of the containers' NATS. */
const DEPLOYED: JournalLimits = { maxFile: '4GB', maxStreams: 4 };

/** `infra/nats/users.conf`. */
export const deployedAccounts = (): string =>
  [
    '# Who may connect, and what each may say and hear. Made from packages/contracts by `npm run nats -w @apwa/stack`: change it there.',
    '# Sets for each service: PASSWORD_MANAGER, PASSWORD_EXECUTOR, PASSWORD_WORKER_POOL, PASSWORD_FABRIC.',
    'include passwords/passwords.conf',
    '',
    natsAccounts(DEPLOYED),
  ].join('\n');
