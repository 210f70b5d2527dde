/** Waits for a frame to be drawn, or a moment where nobody looks and none is. */
export function drawn(): Promise<void> {
  return new Promise(done => {
    setTimeout(done, 100);
    requestAnimationFrame(() => setTimeout(done));
  });
}
