// What a console shows of the objects of a class: a host cannot see attributes that are getters of the prototype, and would
// show none. Not enumerable, and under symbols, it is in nobody's way.

/** Node and Bun ask for this method, with how deep to go, the options of the inspection, and the function that inspects. */
const NODE = Symbol.for('nodejs.util.inspect.custom');

/** Deno asks for this one, with the function and the options. */
const DENO = Symbol.for('Deno.customInspect');

/** Lets consoles show these attributes, and what a subclass or a program has added. */
export function showAttributes(Class, names) {
  defineInspection(Class, (object, show) => `${nameOf(object, Class)} ${show({ ...attributesOf(object, names), ...ownOf(object) })}`);
}

/** The same for an error, behind what is shown of every error. */
export function showAttributesOfError(Class, names) {
  defineInspection(Class, (error, show) => `${error.stack ?? error} ${show({ ...attributesOf(error, names), ...ownOf(error) })}`);
}

function defineInspection(Class, describe) {
  const inspection = (object, show) => {
    try {
      return describe(object, show);
    } catch {
      // The prototype is no object of the class.
      return `${Class.name} {}`;
    }
  };
  const define = (symbol, value) => Object.defineProperty(Class.prototype, symbol, { value, writable: true, configurable: true });
  define(NODE, function inspect(depth, options, show) {
    return depth < 0 ? `[${nameOf(this, Class)}]` : inspection(this, (members) => show(members, { ...options, depth }));
  });
  define(DENO, function inspect(show, options) {
    return inspection(this, (members) => show(members, options));
  });
}

const nameOf = (object, Class) => object.constructor?.name || Class.name;

const attributesOf = (object, names) => Object.fromEntries(names.map((name) => [name, shown(name, object[name])]));

/** The enumerable properties of the object itself. Hosts keep things of their own under symbols. */
const ownOf = (object) => Object.fromEntries(Object.keys(object).map((key) => [key, object[key]]));

/** A log is no place for a password. */
function shown(name, value) {
  if (name !== 'url' || value === '') return value;
  const url = new URL(value);
  if (url.password !== '') url.password = '***';
  return url.href;
}
