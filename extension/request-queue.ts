/** Requests of one client: each begins when the one before it is answered, and may be cancelled until then. */
export class RequestQueue {
  private tail: Promise<void> = Promise.resolve();
  private readonly waiting = new Set<number>();
  private readonly cancelled = new Set<number>();

  /** @param seq of the request; 0 for work of our own, which is never cancelled */
  add(seq: number, work: (cancelled: boolean) => Promise<unknown>): void {
    if (seq !== 0) this.waiting.add(seq);
    this.tail = this.tail.then(async () => {
      this.waiting.delete(seq);
      await work(this.cancelled.delete(seq));
    });
  }

  /** A request that has begun or is not known is left alone. */
  cancel(seq: number): void {
    if (this.waiting.has(seq)) this.cancelled.add(seq);
  }
}
