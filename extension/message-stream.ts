/**
 * Debug-adapter messages on a byte stream: `Content-Length: N`, a blank line, N bytes of JSON. A stream that
 * breaks these rules or announces more than is reasonable is not read any further.
 */
const HEADER_END = '\r\n\r\n';
const MAX_HEADER = 4096;
const MAX_BODY = 64 << 20;

/** The stream holds no debug-adapter messages. */
export class StreamError extends Error {}

export class MessageReader {
  private chunks: Uint8Array[] = [];
  private size = 0;
  /** Bytes of the body that is awaited; undefined between messages. */
  private expected: number | undefined;

  /** The messages that `bytes` complete. @throws StreamError */
  push(bytes: Uint8Array): object[] {
    this.chunks.push(bytes);
    this.size += bytes.length;
    const messages: object[] = [];
    for (;;) {
      if (this.expected === undefined && !this.readHeader()) return messages;
      if (this.expected === undefined || this.size < this.expected) return messages;
      const body = this.take(this.expected);
      this.expected = undefined;
      messages.push(parseBody(body));
    }
  }

  private readHeader(): boolean {
    const head = this.peek(MAX_HEADER + HEADER_END.length);
    const end = head.indexOf(HEADER_END);
    if (end < 0) {
      if (this.size > MAX_HEADER) throw new StreamError('a header without end');
      return false;
    }
    const length = /^Content-Length: *(\d+)\r?$/im.exec(head.slice(0, end));
    if (length === null) throw new StreamError('a header without Content-Length');
    const expected = Number(length[1]);
    if (expected > MAX_BODY) throw new StreamError(`a message of ${expected} bytes`);
    this.take(end + HEADER_END.length);
    this.expected = expected;
    return true;
  }

  /** The first bytes as Latin-1: headers are ASCII. */
  private peek(length: number): string {
    this.join();
    return String.fromCharCode(...(this.chunks[0] ?? new Uint8Array(0)).subarray(0, length));
  }

  private take(length: number): Uint8Array {
    this.join();
    const all = this.chunks[0] ?? new Uint8Array(0);
    this.chunks = length < all.length ? [all.subarray(length)] : [];
    this.size = all.length - length;
    return all.subarray(0, length);
  }

  private join(): void {
    if (this.chunks.length < 2) return;
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    this.chunks = [all];
  }
}

function parseBody(body: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new StreamError('a message that is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new StreamError('a message that is no object');
  return value;
}

/** A message as it goes onto the stream. */
export function frameMessage(message: object): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify(message));
  const header = new TextEncoder().encode(`Content-Length: ${body.length}${HEADER_END}`);
  const framed = new Uint8Array(header.length + body.length);
  framed.set(header);
  framed.set(body, header.length);
  return framed;
}
