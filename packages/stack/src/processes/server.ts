import { freePort } from '@apwa/ray';
import { type OwnedProcess } from './owned-process.js';

/** A program that this process started and can start again. */
export interface Service {
  readonly name: string;
  /** Of the process that runs now; another one after `restart()`. */
  readonly pid: number;
  readonly running: boolean;
  /** What it prints, of all its lives. */
  readonly logFile: string;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Sends a signal to all of its processes, SIGKILL if none is named: what a crash looks like. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the clock for all of its processes (SIGSTOP) … */
  pause(): Promise<void>;
  /** … and goes on (SIGCONT). */
  resume(): Promise<void>;
  /** Starts it again as it was, on the same folder and port; stops it before if it runs. */
  restart(): Promise<void>;
}

export interface Server extends Service {
  readonly url: string;
  readonly port: number;
}

export interface ServerOptions {
  /** Folder of its data; made if it is not there. */
  dir: string;
  /** What it prints is appended to this file. Default: one in `dir`. */
  logFile?: string;
  /** Default: a free one, kept over restarts. */
  port?: number;
  /** A line for a person now and then. Default: none. */
  log?: (line: string) => void;
}

interface Launch<Arguments extends unknown[]> {
  name: string;
  logFile: string;
  start: (...values: Arguments) => Promise<OwnedProcess>;
  stop: (running: OwnedProcess) => Promise<void>;
}

/** The life of a program, the same for all kinds. */
export const supervise = async ({ name, logFile, start, stop }: Launch<[]>): Promise<Service> => {
  let current = await start();
  return {
    name,
    logFile,
    get pid() {
      return current.pid;
    },
    get running() {
      return current.running;
    },
    stop: async () => {
      await stop(current);
    },
    kill: async (signal) => {
      await current.kill(signal);
    },
    pause: async () => {
      await current.kill('SIGSTOP');
    },
    resume: async () => {
      await current.kill('SIGCONT');
    },
    restart: async () => {
      await stop(current);
      current = await start();
    },
  };
};

/** How often another free port is tried where somebody took it between looking and listening. */
const PORT_TRIES = 3;

/** A program that listens on a port, which it keeps once it has come up there. */
export const serve = async ({
  port: wanted,
  urlOf,
  start,
  ...launch
}: Launch<[port: number]> & { port: number | undefined; urlOf: (port: number) => string }): Promise<Server> => {
  let port = wanted ?? (await freePort());
  let triesLeft = wanted === undefined ? PORT_TRIES : 1;
  const begin = async (): Promise<OwnedProcess> => {
    for (;;) {
      try {
        const running = await start(port);
        triesLeft = 1;
        return running;
      } catch (error) {
        triesLeft -= 1;
        if (triesLeft < 1) throw error;
        port = await freePort();
      }
    }
  };
  const service = await supervise({ ...launch, start: begin });
  return Object.defineProperties({ port, url: urlOf(port) } as Server, Object.getOwnPropertyDescriptors(service));
};
