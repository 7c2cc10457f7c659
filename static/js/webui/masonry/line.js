// The socket of the wall: opened when something is to be said, kept while a run goes on.
const OPEN_MS = 10_000;

export class Line {
  /** `hear(frame)` for each frame; `lost()` when the socket goes without our doing. */
  constructor(path, { hear, lost }) {
    const address = new URL(path, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    Object.assign(this, { address, hear, lost, socket: null });
  }

  async say(frame) {
    const socket = await this.opened();
    socket.send(JSON.stringify(frame));
  }

  opened() {
    if (this.socket?.readyState === WebSocket.OPEN) {
      return Promise.resolve(this.socket);
    }
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.address);
      const timer = setTimeout(() => socket.close(), OPEN_MS);
      let open = false;
      socket.addEventListener("open", () => {
        clearTimeout(timer);
        open = true;
        this.socket = socket;
        resolve(socket);
      });
      socket.addEventListener("message", ({ data }) => this.hear(JSON.parse(data)));
      socket.addEventListener("close", () => {
        clearTimeout(timer);
        this.socket = null;
        if (open) {
          this.lost();
        } else {
          reject(new Error("the socket was not opened"));
        }
      });
    });
  }
}
