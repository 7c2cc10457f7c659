// LiveKit's client, loaded when the first session starts and not before.
import { Problem } from "./problems.js";

let loading = null;

export function livekit(address) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve(window.LivekitClient));
    script.addEventListener("error", () => {
      loading = null;
      script.remove();
      reject(new Problem("library"));
    });
    document.head.append(script);
  });
  return loading;
}
