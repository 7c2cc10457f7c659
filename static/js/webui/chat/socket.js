// One socket to the gateway that comes back by itself. Knows frames and silence, not
// what is said in them.
const FIRST_MS = 1000;
const LONGEST_MS = 30_000;
const SILENCE_MS = 50_000; // the gateway says something every 20 s
const PATIENCE_MS = 10_000;
const REFUSED = new Set([401, 403, 404]);

export class Socket extends EventTarget {
  /** `door`: the address that says whether this page is still let in. */
  constructor(path, door) {
    super();
    this.door = door;
    const address = new URL(path, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.address = address.href;
    this.tries = 0;
    this.refused = false;
    window.addEventListener("online", () => this.connect());
    this.connect();
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    if (this.refused || (this.socket && this.socket.readyState <= WebSocket.OPEN)) {
      return;
    }
    clearTimeout(this.timer);
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.tries = 0;
      this.listen();
      this.tell("open");
    });
    socket.addEventListener("message", ({ data }) => {
      this.listen();
      this.tell("frame", JSON.parse(data));
    });
    socket.addEventListener("close", () => this.lose(socket));
  }

  lose(socket) {
    if (socket !== this.socket) {
      return;
    }
    clearTimeout(this.silence);
    this.socket = null;
    this.tell("lost");
    const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.tries);
    this.tries += 1;
    this.timer = setTimeout(() => this.connect(), wait * (0.5 + Math.random() / 2));
    this.knock();
  }

  /** A page that is no longer let in looks like a broken line: ask at the door. */
  async knock() {
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const { status } = await fetch(this.door, { signal });
      this.refused = REFUSED.has(status);
    } catch (error) {
      console.info("the gateway is away:", error);
    }
    if (this.refused) {
      clearTimeout(this.timer);
      this.tell("refused");
    }
  }

  /** A line that is dead without a word is closed from here. */
  listen() {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.silence = setTimeout(() => {
      socket.close();
      this.lose(socket);
    }, SILENCE_MS);
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  /** Resolves to whether there is a line within this time. */
  ready(limitMs) {
    this.connect();
    if (this.open || this.refused) {
      return Promise.resolve(this.open);
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.addEventListener("open", () => (clearTimeout(timer), resolve(true)), { once: true });
    });
  }

  send(frame) {
    if (this.open) {
      this.socket.send(JSON.stringify(frame));
    }
    return this.open;
  }
}
