// Files dropped onto a part of the page.

/**
 * Lets the user drop a file onto `zone`: it is shown in `input`, as if it had been picked there, and handed over.
 */
export function acceptDrops(zone, input, take) {
  // One that misses the zone would take the place of the page.
  for (const type of ['dragover', 'drop']) {
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes('Files') || zone.contains(event.target)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'none';
    });
  }
  // Events of the children come here too: the zone is left when as many were left as entered.
  let depth = 0;
  const highlight = (change) => {
    depth = change === 0 ? 0 : Math.max(0, depth + change);
    zone.classList.toggle('over', depth > 0);
  };
  zone.addEventListener('dragenter', (event) => {
    event.preventDefault();
    highlight(1);
  });
  zone.addEventListener('dragleave', () => highlight(-1));
  zone.addEventListener('dragover', (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
  });
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    highlight(0);
    if (event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    take(input.files[0]);
  });
}
