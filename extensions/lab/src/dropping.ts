import React, { useRef, useState } from 'react';

type Dropping = Pick<React.HTMLAttributes<HTMLElement>, 'onDragEnter' | 'onDragLeave' | 'onDragOver' | 'onDrop'> & {
  'data-dropping': boolean;
};

/** Makes an element take files that are dropped on it. */
export function useDropping(take: (files: File[]) => void): Dropping {
  const [over, hover] = useState(false);
  // Every element that the pointer enters and leaves inside of it tells so, too.
  const depth = useRef(0);
  const move = (by: number) => {
    depth.current += by;
    hover(depth.current > 0);
  };
  const files = (event: React.DragEvent) => event.dataTransfer.types.includes('Files');
  return {
    'data-dropping': over,
    onDragEnter: event => files(event) && move(1),
    onDragLeave: event => files(event) && move(-1),
    onDragOver: event => {
      if (files(event)) {
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }
    },
    onDrop: event => {
      if (!files(event)) {
        return;
      }
      event.preventDefault();
      depth.current = 0;
      hover(false);
      take([...event.dataTransfer.files]);
    }
  };
}
