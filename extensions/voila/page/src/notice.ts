/** The line above everything that says what is wrong with the whole page. */

/** Says it, with a button that loads the page anew; an empty text takes the line away. */
export function notice(text: string): void {
  const place = document.getElementById('trouble');
  if (!place) return;
  place.replaceChildren();
  place.hidden = !text;
  if (!text) return;
  const said = document.createElement('span');
  said.textContent = text;
  const again = document.createElement('button');
  again.textContent = 'Reload';
  again.onclick = () => location.reload();
  place.append(said, again);
}
