// Files for the user to keep.

/** A browser may begin to read it long after the click. */
const READ_MILLISECONDS = 40_000;

/** Has the browser save a file, and gives its name. */
export function save(file) {
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement('a'), { href: url, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), READ_MILLISECONDS);
  return file.name;
}
