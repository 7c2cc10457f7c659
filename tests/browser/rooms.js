// Stands for LiveKit's client: a room that does what a test tells it, as `window.room`.
{
  const EVENTS = [
    "ParticipantConnected",
    "ParticipantDisconnected",
    "TrackSubscribed",
    "TrackUnsubscribed",
    "ActiveSpeakersChanged",
    "SignalReconnecting",
    "Reconnecting",
    "Reconnected",
    "AudioPlaybackStatusChanged",
    "Disconnected",
    "TranscriptionReceived",
    "DataReceived",
  ];
  const RoomEvent = Object.fromEntries(EVENTS.map((name) => [name, name]));
  window.rooms = [];
  window.plan ??= { connect: async () => null };

  class Publication {
    constructor(track) {
      this.media = track;
      this.muted = false;
      this.track = { replaceTrack: async (other) => (this.media = other) };
    }

    async mute() {
      this.muted = true;
    }

    async unmute() {
      this.muted = false;
    }
  }

  class Room {
    constructor() {
      this.listeners = new Map();
      this.streams = new Map();
      this.remoteParticipants = new Map();
      this.canPlaybackAudio = true;
      this.left = false;
      const publishTrack = async (track, options) => {
        this.published = new Publication(track);
        this.source = options.source;
        return this.published;
      };
      this.localParticipant = { identity: "me", publishTrack };
      window.room = this;
      window.rooms.push(this);
    }

    on(name, listener) {
      this.listeners.set(name, [...(this.listeners.get(name) ?? []), listener]);
      return this;
    }

    registerTextStreamHandler(topic, handler) {
      this.streams.set(topic, handler);
    }

    emit(name, ...values) {
      this.listeners.get(name)?.forEach((listener) => listener(...values));
    }

    async connect(url, token) {
      this.joined = { url, token };
      try {
        await window.plan.connect();
      } catch (error) {
        this.emit("Disconnected");
        throw error;
      }
    }

    async disconnect() {
      this.left = true;
      this.emit("Disconnected", 1);
    }

    async startAudio() {
      this.canPlaybackAudio = true;
      this.emit("AudioPlaybackStatusChanged");
    }

    /** Somebody else comes in and makes a sound. */
    grokJoins() {
      const context = new AudioContext();
      const sound = context.createOscillator();
      const sink = context.createMediaStreamDestination();
      sound.connect(sink);
      sound.start();
      const track = sink.stream.getAudioTracks()[0];
      const elements = [];
      this.grok = { identity: "grok" };
      this.remoteParticipants.set("grok", this.grok);
      this.emit("ParticipantConnected", this.grok);
      this.emit("TrackSubscribed", {
        kind: "audio",
        mediaStreamTrack: track,
        attach() {
          elements.push(document.createElement("audio"));
          return elements.at(-1);
        },
        detach: () => elements,
      });
    }

    async says(text, { id = "s1", final = "true", by = this.grok } = {}) {
      const attributes = { "lk.segment_id": id, "lk.transcription_final": final };
      const pieces = [text.slice(0, 5), text.slice(5)];
      const reader = { info: { id, attributes }, async *[Symbol.asyncIterator]() { yield* pieces; } };
      await this.streams.get("lk.transcription")(reader, by);
    }
  }

  window.LivekitClient = {
    Room,
    RoomEvent,
    Track: { Source: { Microphone: "microphone" } },
    ConnectionErrorReason: ["NotAllowed", "ServerUnreachable"],
    DisconnectReason: { 1: "CLIENT_INITIATED", 5: "ROOM_DELETED", 14: "CONNECTION_TIMEOUT" },
  };
}
