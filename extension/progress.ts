/** Work that takes long is shown as such, with a button to end it where it can be ended. */
import { Event } from '@vscode/debugadapter';

/** Shorter work would only flicker. */
const SHOWN_AFTER_MILLISECONDS = 500;

export interface LongWork {
  /** Asks the work to end; absent when it cannot. */
  cancel?(): void;
  /** How far it is, asked for again and again. */
  note?(): Promise<string>;
}

export class Progress {
  private readonly send: (event: Event) => void;
  private readonly active = new Map<string, LongWork>();
  private nextId = 1;

  /** @param send leaves the event out when the client shows no progress */
  constructor(send: (event: Event) => void) {
    this.send = send;
  }

  /** Answers what the work does, with progress shown while it lasts. */
  async during<T>(title: string, work: Promise<T>, how: LongWork = {}): Promise<T> {
    const progressId = `trapgate-${this.nextId++}`;
    let timer = setTimeout(() => this.start(progressId, title, how), SHOWN_AFTER_MILLISECONDS);
    const update = async () => {
      const message = await how.note?.().catch(() => undefined);
      if (!this.active.has(progressId)) return;
      if (message !== undefined) this.send(new Event('progressUpdate', { progressId, message }));
      timer = setTimeout(update, SHOWN_AFTER_MILLISECONDS);
    };
    if (how.note !== undefined) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        this.start(progressId, title, how);
        timer = setTimeout(update, SHOWN_AFTER_MILLISECONDS);
      }, SHOWN_AFTER_MILLISECONDS);
    }
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (this.active.delete(progressId)) this.send(new Event('progressEnd', { progressId }));
    }
  }

  cancel(progressId: string): void {
    this.active.get(progressId)?.cancel?.();
  }

  private start(progressId: string, title: string, how: LongWork): void {
    this.active.set(progressId, how);
    this.send(new Event('progressStart', { progressId, title, cancellable: how.cancel !== undefined }));
  }
}
