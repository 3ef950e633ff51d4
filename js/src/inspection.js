// What a console shows of the objects of a class: a host cannot see attributes that are getters of the prototype, and would
// show none. Not enumerable, and under symbols, it is in nobody's way.

/** Node and Bun ask for this method, with how deep to go, the options of the inspection, and the function that inspects. */
const NODE = Symbol.for('nodejs.util.inspect.custom');

/** Deno asks for this one, with the function and the options. */
const DENO = Symbol.for('Deno.customInspect');

/** What is being shown: members that refer back to it would be shown without end. */
const showing = new Set();

/** Lets consoles show these attributes, and what a subclass or a program has added. */
export function showAttributes(Class, names) {
  defineInspection(Class, names, (object) => object.constructor?.name || Class.name);
}

/** The same for an error, behind what is shown of every error. */
export function showAttributesOfError(Class, names) {
  defineInspection(Class, names, (error) => error.stack ?? String(error));
}

/** `title` says what an object is, which is all that is shown of it where it is too deep within others. */
function defineInspection(Class, names, title) {
  const inspection = (object, show) => {
    let attributes;
    try {
      attributes = attributesOf(object, names);
    } catch {
      // The prototype is no object of the class.
      return `${Class.name} {}`;
    }
    if (showing.has(object)) return '[Circular]';
    showing.add(object);
    try {
      return `${title(object)} ${show(Object.defineProperties(attributes, ownOf(object)))}`;
    } finally {
      showing.delete(object);
    }
  };
  const define = (symbol, value) => Object.defineProperty(Class.prototype, symbol, { value, writable: true, configurable: true });
  define(NODE, function inspect(depth, options, show) {
    return depth < 0 ? `[${title(this)}]` : inspection(this, (members) => show(members, { ...options, depth }));
  });
  define(DENO, function inspect(show, options) {
    return inspection(this, (members) => show(members, options));
  });
}

const attributesOf = (object, names) => Object.fromEntries(names.map((name) => [name, shown(name, object[name])]));

/** The enumerable properties of the object itself, of which no getter is called. Hosts keep things of their own under symbols. */
const ownOf = (object) => Object.fromEntries(Object.keys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)]));

/** A log is no place for a password. */
function shown(name, value) {
  if (name !== 'url' || !URL.canParse(value)) return value;
  const url = new URL(value);
  if (url.password !== '') url.password = '***';
  return url.href;
}
