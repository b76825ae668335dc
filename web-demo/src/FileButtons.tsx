import { useRef } from 'react';
import { Icon } from './Icon';
import { ACCEPT } from './show';
import { useWords } from './words';

/** Choose a file, or take a photo where the device has a camera to point. */
export function FileButtons({ onShow }: { onShow: (files: Iterable<File>) => void }) {
  const words = useWords();
  return (
    <>
      <Chooser icon="clip" label={words.addFile} accept={ACCEPT} multiple onShow={onShow} />
      <Chooser icon="camera" label={words.photograph} accept="image/jpeg,image/png,image/webp" capture onShow={onShow} />
    </>
  );
}

interface ChooserProps {
  icon: 'clip' | 'camera';
  label: string;
  accept: string;
  multiple?: boolean;
  capture?: boolean;
  onShow: (files: Iterable<File>) => void;
}

function Chooser({ icon, label, accept, multiple, capture, onShow }: ChooserProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className={`round ${icon}`} aria-label={label} title={label} onClick={() => input.current?.click()}>
        <Icon name={icon} />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        data-chooser={icon}
        accept={accept}
        multiple={multiple}
        capture={capture ? 'environment' : undefined}
        onChange={(event) => {
          onShow([...(event.target.files ?? [])]);
          event.target.value = ''; // the same file may be chosen again
        }}
      />
    </>
  );
}
