// Settings that matter in one mode only, and remarks that depend on what is typed.
import { all, control, isChanged, textOf } from "./settings.js";

function matters(form, setting) {
  const chooser = form.querySelector(`[data-setting="${setting.dataset.chooser}"]`);
  return !chooser || setting.dataset.values.split(" ").includes(textOf(chooser));
}

function mustStay(setting) {
  return (
    setting.classList.contains("wrong") ||
    "asked" in setting.dataset ||
    isChanged(setting)
  );
}

function judge(setting) {
  for (const remark of setting.querySelectorAll("[data-pattern]")) {
    remark.hidden = !new RegExp(remark.dataset.pattern, "u").test(textOf(setting));
  }
}

export function showWhatMatters(form) {
  const update = () => {
    for (const setting of form.querySelectorAll("[data-chooser]")) {
      setting.hidden =
        !matters(form, setting) &&
        !mustStay(setting) &&
        !setting.contains(document.activeElement);
    }
  };
  form.addEventListener("change", update);
  form.addEventListener("input", (event) => {
    const setting = event.target.closest("[data-setting]");
    if (setting && control(setting) === event.target) {
      judge(setting);
    }
  });
  all(form).forEach(judge);
  update();
}
