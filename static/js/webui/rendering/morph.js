// Makes drawn nodes equal to newly made ones and leaves alone what is equal already, so
// that a selection, a loaded picture or a set formula survives the next words.

const settled = new WeakMap();

/** `element` was decorated since; it stands for what it was made from. */
export function settle(element, source) {
  settled.set(element, source);
}

export function isSettled(element) {
  return settled.has(element);
}

function stands(old, made) {
  const source = settled.get(old);
  return source === undefined
    ? old.isEqualNode(made)
    : old.nodeName === made.nodeName && made.textContent === source;
}

function alike(old, made) {
  return (
    old.nodeType === Node.ELEMENT_NODE && old.nodeName === made.nodeName && !settled.has(old)
  );
}

function copyAttributes(old, made) {
  for (const { name } of [...old.attributes]) {
    if (!made.hasAttribute(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of made.attributes) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
}

function copyText(old, made) {
  if (made.data.startsWith(old.data)) {
    old.appendData(made.data.slice(old.length));
  } else {
    old.data = made.data;
  }
}

export function morph(old, made) {
  const wanted = [...made.childNodes];
  const there = [...old.childNodes];
  wanted.forEach((node, index) => {
    const present = there[index];
    if (!present) {
      old.append(node);
    } else if (stands(present, node)) {
      return;
    } else if (present.nodeType === Node.TEXT_NODE && node.nodeType === Node.TEXT_NODE) {
      copyText(present, node);
    } else if (alike(present, node)) {
      copyAttributes(present, node);
      morph(present, node);
    } else {
      present.replaceWith(node);
    }
  });
  there.slice(wanted.length).forEach((node) => node.remove());
}
