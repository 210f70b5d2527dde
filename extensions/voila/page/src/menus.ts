/** A list of choices closes like any other: by Escape, or by pressing elsewhere. */

function close(but: EventTarget | null): void {
  for (const opened of document.querySelectorAll<HTMLElement>('.wb-choice-button.mod-active'))
    if (!opened.closest('.wb-choice')?.contains(but as Node | null)) opened.click();
}

export function menusClose(): void {
  document.addEventListener('pointerdown', event => close(event.target));
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') close(null);
  });
}
