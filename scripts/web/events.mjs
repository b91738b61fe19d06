/** The part of Node's EventEmitter that the debug adapter base classes use. */
export class EventEmitter {
  #listeners = new Map();

  on(event, listener) {
    const list = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...list, listener]);
    return this;
  }

  once(event, listener) {
    const wrapper = (...values) => {
      this.removeListener(event, wrapper);
      listener.apply(this, values);
    };
    return this.on(event, wrapper);
  }

  removeListener(event, listener) {
    const list = this.#listeners.get(event) ?? [];
    this.#listeners.set(
      event,
      list.filter((other) => other !== listener),
    );
    return this;
  }

  off(event, listener) {
    return this.removeListener(event, listener);
  }

  removeAllListeners(event) {
    if (event === undefined) this.#listeners.clear();
    else this.#listeners.delete(event);
    return this;
  }

  emit(event, ...values) {
    const list = this.#listeners.get(event) ?? [];
    for (const listener of list) listener.apply(this, values);
    return list.length > 0;
  }
}

export default EventEmitter;
