// Progress of jobs from the server: over a socket, and by polling while there is none.

const NO_SOCKET_MS = 5_000;
const POLL_MS = 3_000;
const SILENT_MS = 50_000; // the server says something every 20 s
const LONGEST_WAIT_S = 30;
const SIGNED_OUT = 4401;
const ENDED = ["done", "cancelled", "error"];

/** Between half and all of 1, 2, 4 ... 30 s, so that pages do not come all at once. */
function waitMs(attempt) {
  const most = Math.min(LONGEST_WAIT_S, 2 ** attempt) * 1000;
  return most / 2 + (Math.random() * most) / 2;
}

/** Tells `onFrame` what is new of one's own jobs and of those asked for. */
export class Feed {
  constructor(socketPath, minePath, onFrame) {
    this.socketUrl = new URL(socketPath, location.href);
    this.socketUrl.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.minePath = minePath;
    this.onFrame = onFrame;
    this.ids = new Set();
    this.sequences = new Map();
    this.attempt = 0;
    this.pollTimer = null;
    this.silence = null;
    this.stopped = false;
  }

  start(ids) {
    this.ids = new Set(ids);
    this.connect();
    this.patience = setTimeout(() => this.poll(), NO_SOCKET_MS);
    window.addEventListener("pagehide", () => this.stop());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) {
        this.stopped = false;
        this.connect();
      }
    });
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.patience);
    clearTimeout(this.pollTimer);
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    this.socket?.close();
  }

  connect() {
    this.socket = new WebSocket(this.socketUrl);
    this.socket.addEventListener("open", () => this.opened());
    this.socket.addEventListener("message", (event) => this.heard(event.data));
    this.socket.addEventListener("close", (event) => this.closed(event.code));
  }

  opened() {
    this.attempt = 0;
    clearTimeout(this.patience);
    clearTimeout(this.pollTimer);
    this.pollTimer = null;
    this.sequences.clear();
    this.socket.send(JSON.stringify({ watch: "mine" }));
    if (this.ids.size) {
      this.socket.send(JSON.stringify({ watch: [...this.ids] }));
    }
    this.listen();
  }

  listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket.close(), SILENT_MS);
  }

  heard(text) {
    this.listen();
    const frame = JSON.parse(text);
    if (!frame.task_id) {
      return; // a ping, or a word about a message of ours
    }
    if (frame.type === "item_failed") {
      this.onFrame(frame);
      return;
    }
    if (frame.seq) {
      const last = this.sequences.get(frame.task_id) ?? 0;
      if (frame.type !== "snapshot" && frame.seq <= last) {
        return;
      }
      this.sequences.set(frame.task_id, frame.seq);
    }
    this.told(frame);
  }

  /** A job that runs is asked for until its end, also after the socket was lost. */
  told(frame) {
    if (hasEnded(frame)) {
      this.ids.delete(frame.task_id);
    } else {
      this.ids.add(frame.task_id);
    }
    this.onFrame(frame);
  }

  closed(code) {
    clearTimeout(this.silence);
    if (this.stopped || code === SIGNED_OUT) {
      return;
    }
    this.retry = setTimeout(() => this.connect(), waitMs(this.attempt));
    this.attempt += 1;
    if (this.pollTimer === null) {
      clearTimeout(this.patience);
      this.patience = setTimeout(() => this.poll(), NO_SOCKET_MS);
    }
  }

  async poll() {
    if (this.stopped || this.socket.readyState === WebSocket.OPEN) {
      return;
    }
    this.pollTimer = setTimeout(() => this.poll(), POLL_MS);
    const paths = [...this.ids].map((id) => this.minePath.replace("mine", id));
    const answers = await Promise.all([this.minePath, ...paths].map(state));
    if (this.stopped || answers.includes("signed out")) {
      this.stop();
      return;
    }
    const [mine, ...watched] = answers;
    for (const job of [...(mine?.jobs ?? []), ...watched]) {
      if (job) {
        this.told({ type: "snapshot", ...job });
      }
    }
  }
}

/** What the page at this address says; null while the server cannot be reached. */
async function state(path) {
  try {
    const answer = await fetch(path, { headers: { accept: "application/json" } });
    if (answer.redirected || answer.status === 403) {
      return "signed out";
    }
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export function hasEnded(job) {
  return ENDED.includes(job.status);
}
