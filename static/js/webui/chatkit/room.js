// One room: joined with a token, heard, spoken into, left.
import { follow } from "./hearing.js";
import { Problem } from "./problems.js";

const MICROPHONE = "microphone";
const CLOSED = ["ROOM_DELETED", "ROOM_CLOSED", "PARTICIPANT_REMOVED", "AGENT_ERROR"];

export class Room {
  /** `on` has: alone, speaking, heard, reconnecting, back, lost, blocked, voice, quiet. */
  constructor(client, place, on) {
    this.client = client;
    this.place = place;
    this.on = on;
    this.left = false;
    this.joined = false; // before that, what fails is told by `join`
    this.room = new client.Room({ adaptiveStream: false, dynacast: false });
    this.published = null;
    this.speaker = "";
    this.muted = false;
    this.listen();
  }

  listen() {
    const { RoomEvent } = this.client;
    const company = () => this.on.alone(this.room.remoteParticipants.size === 0);
    this.room
      .on(RoomEvent.ParticipantConnected, company)
      .on(RoomEvent.ParticipantDisconnected, company)
      .on(RoomEvent.TrackSubscribed, (track) => this.hear(track))
      .on(RoomEvent.TrackUnsubscribed, (track) => this.unhear(track))
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) => this.attend(speakers))
      .on(RoomEvent.SignalReconnecting, () => this.on.reconnecting())
      .on(RoomEvent.Reconnecting, () => this.on.reconnecting())
      .on(RoomEvent.Reconnected, () => this.on.back())
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.on.blocked(!this.room.canPlaybackAudio))
      .on(RoomEvent.Disconnected, (reason) => this.gone(reason));
    follow(this.room, this.client, (line) => this.on.heard(line));
  }

  /** Throws a Problem. */
  async join({ url, token }, track) {
    try {
      await this.room.connect(url, token);
    } catch (error) {
      throw this.left ? error : this.refusal(error, url);
    }
    const source = this.client.Track.Source.Microphone;
    this.joined = true;
    this.published = await this.room.localParticipant.publishTrack(track, {
      name: MICROPHONE,
      source,
    });
    this.on.alone(this.room.remoteParticipants.size === 0);
  }

  refusal(error, url) {
    const { host } = new URL(url);
    const refused = this.client.ConnectionErrorReason[error.reason] === "NotAllowed";
    return new Problem(refused ? "refused" : "unreachable", { host, message: error.message });
  }

  gone(reason) {
    if (this.joined && !this.left) {
      this.left = true;
      const closed = CLOSED.includes(this.client.DisconnectReason[reason]);
      this.on.lost(new Problem(closed ? "closed" : "lost"));
    }
  }

  hear(track) {
    if (track.kind !== "audio") {
      return;
    }
    const element = track.attach();
    element.muted = this.muted;
    this.place.append(element);
    this.output(element);
    this.on.voice(track.mediaStreamTrack);
  }

  unhear(track) {
    track.detach().forEach((element) => element.remove());
    this.on.quiet();
  }

  attend(speakers) {
    const own = this.room.localParticipant.identity;
    this.on.speaking(speakers.some((one) => one.identity !== own));
  }

  get sounds() {
    return [...this.place.children];
  }

  mute(muted) {
    this.muted = muted;
    this.sounds.forEach((element) => {
      element.muted = muted;
    });
  }

  /** Throws what the browser throws for a device that is gone. */
  async output(element) {
    if (this.speaker && element.setSinkId) {
      await element.setSinkId(this.speaker);
    }
  }

  async useSpeaker(id) {
    this.speaker = id;
    await Promise.all(this.sounds.map((element) => element.setSinkId?.(id)));
  }

  async useMicrophone(track) {
    await this.published?.track.replaceTrack(track, true);
  }

  async pause(paused) {
    await (paused ? this.published?.mute() : this.published?.unmute());
  }

  /** Browsers may hold sound back until somebody clicks. */
  async play() {
    if (!this.room.canPlaybackAudio) {
      await this.room.startAudio();
    }
  }

  async leave() {
    this.left = true;
    this.sounds.forEach((element) => element.remove());
    await this.room.disconnect(true);
  }
}
