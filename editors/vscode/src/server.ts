/** The language server's life: started when it is first needed, and again, after growing pauses, when it crashes. */

import { EventEmitter, window, type Disposable, type LogOutputChannel } from 'vscode';
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  type Middleware,
} from 'vscode-languageclient/node';

import { pauseAfter, type Found } from './find';
import {
  hunksNotification,
  serverCommand,
  streamNotification,
  type HunksParams,
  type InitializationOptions,
  type StreamParams,
} from './protocol';
import { explicit } from './settings';
import { Turns } from './turns';

/** There is no server to start. */
export class ServerMissing extends Error {
  constructor() {
    super('The language server was not found.');
  }
}

/** The server ended, or did not start; the user has been told. */
export class ServerDown extends Error {}

export interface Surroundings {
  readonly log: LogOutputChannel;
  /** The names of the settings that are the server's. */
  readonly settings: readonly string[];
  /** The key that the user has stored, if any. */
  readonly apiKey: () => PromiseLike<string | undefined>;
  /** The server to start, by now; undefined if there is none. */
  readonly find: () => Found | undefined;
  /** Hears of each start, and of the version that the server says to have. */
  readonly started: (found: Found, version: string | undefined) => PromiseLike<void>;
  /** What may help when a server does not start. */
  readonly remedy: (found: Found) => { readonly title: string; readonly act: () => Promise<void> } | undefined;
  /** What becomes of commands that the server's code actions and lenses run. */
  readonly executeCommand: NonNullable<Middleware['executeCommand']>;
}

export class Server implements Disposable {
  private running: Promise<LanguageClient> | undefined;
  private current: LanguageClient | undefined;
  /** One start or stop after the other: two servers at a time would register the same commands. */
  private readonly turns = new Turns();
  private crashes: number[] = [];
  private disposed = false;
  private used = false;
  private readonly streamed = new EventEmitter<StreamParams>();
  private readonly moved = new EventEmitter<HunksParams>();
  private readonly ended = new EventEmitter<void>();

  /** Hunks of a reply that is being written. */
  readonly onStream = this.streamed.event;
  /** Open hunks of an edit have moved, or were decided on. */
  readonly onHunks = this.moved.event;
  /** The server has ended, and has forgotten all edits. */
  readonly onEnd = this.ended.event;

  constructor(private readonly surroundings: Surroundings) {}

  /** Whether the server has been asked for an edit since it started: it may have one open. */
  get isUsed(): boolean {
    return this.used;
  }

  /** The server, started; rejects with ServerMissing, or with ServerDown after telling the user. */
  ready(): Promise<LanguageClient> {
    return this.running ?? this.begin(this.start);
  }

  /**
   * Start it, if there is one, since code actions are offered only while it runs. Whoever has none hears of it when
   * they ask for an edit, not before.
   */
  startIfFound(): void {
    if (this.surroundings.find() === undefined) return;
    this.ready().catch((error: unknown) => this.surroundings.log.warn(String(error)));
  }

  /** Stop it, and start it with the key and the settings of now. */
  async restart(): Promise<void> {
    await this.stop();
    this.startIfFound();
  }

  /** Tell the server what is set by now. */
  async configure(): Promise<void> {
    await this.current?.sendNotification(DidChangeConfigurationNotification.type, {
      settings: { editsvc: explicit(this.surroundings.settings) },
    });
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    await this.stop();
    this.streamed.dispose();
    this.moved.dispose();
    this.ended.dispose();
  }

  /** Stop it, until somebody asks for it. */
  async stop(): Promise<void> {
    this.running = undefined;
    this.crashes = [];
    await this.turns.after(async () => {
      const client = this.current;
      this.current = undefined;
      if (client === undefined) return;
      this.ended.fire();
      await client.stop().catch((error: unknown) => this.surroundings.log.warn(String(error)));
    });
  }

  private begin(start: () => Promise<LanguageClient>): Promise<LanguageClient> {
    const running = this.turns.after(start).catch((error: unknown) => {
      if (this.running === running) this.running = undefined;
      throw error;
    });
    this.running = running;
    return running;
  }

  private readonly start = async (): Promise<LanguageClient> => {
    const found = this.surroundings.find();
    if (found === undefined) throw new ServerMissing();
    const client = await this.client(found);
    this.current = client;
    this.used = false;
    try {
      await client.start();
    } catch (error) {
      if (this.current === client) this.current = undefined;
      this.surroundings.log.error(String(error));
      const remedy = this.surroundings.remedy(found);
      this.tell(`The language server ${found.command} did not start.`, 'Start again', remedy);
      throw new ServerDown(String(error));
    }
    this.surroundings
      .started(found, client.initializeResult?.serverInfo?.version)
      .then(undefined, (error: unknown) => this.surroundings.log.warn(String(error)));
    return client;
  };

  private async client({ command, args }: Found): Promise<LanguageClient> {
    const { log, settings, executeCommand } = this.surroundings;
    let started = false;
    const client = new LanguageClient(
      'editsvc',
      'editsvc',
      { command, args: [...args], options: { env: { ...process.env, ...(await this.key()) } } },
      {
        documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
        initializationOptions: { stream: true, hunks: true } satisfies InitializationOptions,
        outputChannel: log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationFailedHandler: () => false,
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue }),
          closed: () => {
            if (started && this.current === client) this.crashed();
            return { action: CloseAction.DoNotRestart, handled: true };
          },
        },
        middleware: {
          executeCommand,
          // The extension draws its own, with the user's keys.
          provideCodeLenses: () => [],
          sendRequest: (type, argument, token, next) => {
            const command = (argument as { command?: string } | undefined)?.command;
            this.used ||= command === serverCommand.edit;
            return next(type, argument, token);
          },
          workspace: {
            configuration: (params) =>
              params.items.map((item) => (item.section === 'editsvc' ? explicit(settings) : null)),
            didChangeConfiguration: () => this.configure(),
          },
        },
      },
    );
    client.onNotification(streamNotification, (params) => this.streamed.fire(params));
    client.onNotification(hunksNotification, (params) => this.moved.fire(params));
    client.onDidChangeState(() => {
      started ||= client.isRunning();
    });
    return client;
  }

  /** The stored key for the server's environment: the user's last word, and so before what is in theirs. */
  private async key(): Promise<Record<string, string>> {
    const key = await this.surroundings.apiKey();
    return key ? { CEREBRAS_API_KEY: key } : {};
  }

  private crashed(): void {
    this.current = undefined;
    this.ended.fire();
    const now = Date.now();
    this.crashes.push(now);
    const pause = pauseAfter(this.crashes, now);
    if (pause === undefined) {
      this.running = undefined;
      this.crashes = [];
      this.tell(
        'The language server of editsvc keeps crashing, and is not started again by itself.',
        'Start again',
      );
      return;
    }
    this.tell(
      'The language server of editsvc crashed, and is started again. An edit that was under way is lost.',
    );
    const again = this.begin(async () => {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.disposed || this.running !== again) throw new ServerDown('stopped meanwhile');
      return this.start();
    });
    // Whoever asks for the server next hears of a failure; nobody may be asking now.
    again.catch(() => undefined);
  }

  private tell(message: string, again?: 'Start again', remedy?: ReturnType<Surroundings['remedy']>): void {
    const buttons = ['Show log', ...(again ? [again] : []), ...(remedy ? [remedy.title] : [])];
    void window.showWarningMessage(message, ...buttons).then(async (chosen) => {
      if (chosen === 'Show log') this.surroundings.log.show();
      if (chosen === 'Start again') await this.ready().catch(() => undefined);
      if (remedy && chosen === remedy.title) await remedy.act();
    });
  }
}
