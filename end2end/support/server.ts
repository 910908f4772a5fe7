// The real release server with its own embedded Postgres, in a directory that is gone afterwards.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const BINARY = process.env['TRIBUTARY_TEST_BINARY'] || resolve(__dirname, '../../target/release/tributary');
const START_SECONDS = 60;
const STOP_SECONDS = 30;

/** Who set a server up: what its environment says about the owner. */
export const OWNER = {
  TRIBUTARY_OWNER_EMAIL: 'owner@tributary.example',
  TRIBUTARY_OWNER_PASSWORD: 'correct horse battery',
  TRIBUTARY_ORGANIZATION: 'Northwind',
  TRIBUTARY_API_KEY: `ak_live_${'northwind'.repeat(4)}`,
};

interface Place {
  url: string;
  directory: string;
}

export class Server {
  private child?: ChildProcess;
  private ended?: Promise<string>;

  private constructor(
    readonly url: string,
    readonly directory: string,
    private readonly owner: Partial<typeof OWNER>,
  ) {}

  /** Starts a server on an empty database; without an owner it waits for the browser's first run. */
  static async start(owner: Partial<typeof OWNER> = OWNER): Promise<Server> {
    if (!existsSync(BINARY)) {
      throw new Error(`${BINARY} is missing: type make build`);
    }
    const directory = mkdtempSync('/tmp/tributary-end2end-');
    // Postgres refuses to run as root, and the user it then runs as must be able to enter.
    chmodSync(directory, 0o755);
    const server = new Server(`http://127.0.0.1:${await freePort()}`, directory, owner);
    await server.up().catch(async (error: unknown) => {
      await server.down('SIGTERM');
      rmSync(directory, { recursive: true, force: true });
      throw error;
    });
    return server;
  }

  /** The one that `global-setup.ts` started, in another process. */
  static shared(): Server {
    const place = process.env['END2END_SERVER'];
    if (!place) throw new Error('support/global-setup.ts did not run');
    const { url, directory } = JSON.parse(place) as Place;
    return new Server(url, directory, OWNER);
  }

  /** Lets other processes find it by `shared`. */
  share(): void {
    const { url, directory } = this;
    process.env['END2END_SERVER'] = JSON.stringify({ url, directory });
  }

  /** Starts the process, and returns when it answers. */
  async up(): Promise<void> {
    const log = openSync(this.logFile, 'a');
    // Should this process be killed, the server must not be left over.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', BINARY], {
      env: environment(this, this.owner),
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.child = child;
    this.ended = new Promise((tell, fail) => {
      child.once('error', fail);
      child.once('exit', (code, signal) => tell(signal ?? `exit code ${code}`));
    });
    const deadline = Date.now() + START_SECONDS * 1000;
    while (!(await answers(`${this.url}/readyz`))) {
      const how = await Promise.race([this.ended, wait(50)]);
      if (how || Date.now() > deadline) {
        throw new Error(`the server did not start (${how ?? 'too slow'}):\n${this.log()}`);
      }
    }
  }

  /** SIGTERM, which it must answer by finishing and exit code 0; then everything is removed. */
  async stop(): Promise<void> {
    const how = await this.down('SIGTERM');
    const log = this.log();
    rmSync(this.directory, { recursive: true, force: true });
    if (how !== 'exit code 0') {
      throw new Error(`the server ended with ${how}:\n${log}`);
    }
    if (/ ERROR |panicked/.test(log)) {
      throw new Error(`the server logged errors:\n${log}`);
    }
  }

  /** Ends the process and tells how it ended. Its data stays. */
  async down(signal: 'SIGTERM' | 'SIGKILL'): Promise<string> {
    this.child?.kill(signal);
    const late = new AbortController();
    const how = await Promise.race([
      this.ended,
      wait(STOP_SECONDS * 1000, 'no end', { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    if (how === 'no end') this.child?.kill('SIGKILL');
    return how ?? 'no start';
  }

  /** Runs one command of the program beside the running server; returns what it prints. */
  async command(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(BINARY, args, { env: environment(this, {}) });
    return stdout;
  }

  private get logFile(): string {
    return join(this.directory, 'server.log');
  }

  private log(): string {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(-200).join('\n');
  }
}

function environment(place: Place, owner: Partial<typeof OWNER>): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...inherited } = process.env;
  return {
    ...inherited,
    ...owner,
    TRIBUTARY_ADDR: new URL(place.url).host,
    TRIBUTARY_DATA_DIR: join(place.directory, 'data'),
    TRIBUTARY_RATE_LIMIT_PER_MINUTE: '0',
    TRIBUTARY_FX_URL: '/dev/null',
    // Tests call nobody.
    TRIBUTARY_BRAINTREE_API: 'http://127.0.0.1:9',
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then((response) => response.ok, () => false);
}

function freePort(): Promise<number> {
  return new Promise((found, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address ? found(address.port) : fail(new Error('no port'))));
    });
  });
}
