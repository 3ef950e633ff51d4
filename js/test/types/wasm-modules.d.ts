// What the build puts beside the sources.

declare module "*/wasm/isosocket_engine.js" {
  export function initSync(source: { module: WebAssembly.Module }): { memory: WebAssembly.Memory; __stack_pointer: WebAssembly.Global };

  export class Desk {
    constructor(size: number);
    start(): number;
  }

  export class Settings {
    free(): void;
    max_payload(bytes: number): void;
    max_fragments(frames: number): void;
    max_head(bytes: number): void;
    max_send_queue(bytes: number): void;
    handshake_timeout(time: number): void;
    close_timeout(time: number): void;
    idle_timeout(time: number): void;
    heartbeat(interval?: number, timeout?: number): void;
    no_compression(): void;
    compression(
      level: number | undefined,
      threshold: number | undefined,
      noContextTakeover: boolean,
      peerNoContextTakeover: boolean,
      maxWindowBits: number | undefined,
      peerMaxWindowBits: number | undefined,
    ): void;
  }

  export class Session {
    constructor(host: string, resource: string, protocols: string[], headers: string[], settings: Settings, now: number);
    connected(now: number): number;
    receive(chunk: Uint8Array, now: number): number;
    set_aside(least: number): number;
    end(now: number): number;
    lost(cause: string, now: number): number;
    timeout(now: number): number;
    poll(now: number): number;
    deadline(): number | undefined;
    output_start(): number;
    output_length(): number;
    take_output(): Uint8Array;
    transmitted(bytes: number): void;
    begin_turn(): void;
    next_task(): number;
    task_start(): number;
    task_length(): number;
    batch_count(): number;
    batch_places(): number;
    end_batch(): void;
    hold(): void;
    release(): void;
    task_failed(): boolean;
    task_code(): number;
    task_reason(): string;
    task_was_clean(): boolean;
    send_text(text: string): void;
    send_text_on(desk: Desk, length: number): boolean;
    has_room(bytes: number): boolean;
    send_bytes_on(desk: Desk, length: number): boolean;
    reserve(size: number): number | undefined;
    fill(id: number, bytes: Uint8Array): void;
    cannot_fill(id: number): number;
    close(code: number | undefined, reason: string | undefined, now: number): number;
    ping(payload: Uint8Array, now: number): number;
    terminate(now: number): number;
    get ready_state(): number;
    get buffered_amount(): number;
    get backlog(): number;
    get extensions(): string;
    get protocol(): string;
    get failure(): string | undefined;
  }
}

declare module "*/wasm/isosocket_browser.js" {
  export default function load(source?: { module_or_path: unknown }): Promise<unknown>;

  export class Socket {
    constructor(url: string, protocols: string[], listener: (kind: string, ...parameters: any[]) => void);
    readonly readyState: number;
    readonly bufferedAmount: number;
    get extensions(): string;
    get protocol(): string;
    binaryType: string;
    send_text(text: string): void;
    send_bytes(bytes: Uint8Array): void;
    send_blob(blob: Blob): void;
    close(code?: number, reason?: string): void;
  }
}

declare module "*/wasm/isosocket_engine_bg.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

// What a host has by itself.

declare module "cloudflare:sockets" {
  interface Socket {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
    readonly opened: Promise<unknown>;
    readonly closed: Promise<void>;
    close(): Promise<void>;
    startTls(options?: { expectedServerHostname?: string }): Socket;
  }

  export function connect(
    address: { hostname: string; port: number },
    options?: { secureTransport?: "on" | "off" | "starttls"; allowHalfOpen?: boolean },
  ): Socket;
}
