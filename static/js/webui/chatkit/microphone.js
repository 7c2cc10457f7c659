// The microphone: whether there may be one, asking for it, what it is called.
import { Problem } from "./problems.js";

const WISHES = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const REFUSALS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "taken",
  AbortError: "taken",
};

/** Throws a Problem where this page cannot have a microphone at all. */
export function check() {
  if (!window.isSecureContext) {
    throw new Problem("insecure", { host: location.host });
  }
  if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) {
    throw new Problem("unsupported");
  }
}

/** A track of this microphone, of the usual one without `id`. */
export async function open(id) {
  const audio = id ? { ...WISHES, deviceId: { exact: id } } : WISHES;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    return stream.getAudioTracks()[0];
  } catch (error) {
    if (id && error.name === "OverconstrainedError") {
      return open(""); // the one that was chosen is gone
    }
    throw new Problem(REFUSALS[error.name] ?? "microphone", { message: error.message });
  }
}

/** Devices of this kind; without names before the microphone was allowed. */
export async function devices(kind) {
  if (!navigator.mediaDevices?.enumerateDevices) {
    return [];
  }
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((one) => one.kind === kind && one.deviceId && one.label);
}
