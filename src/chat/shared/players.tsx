/** Sounds and videos with the browser's own controls. People send them without captions, so there are none. */

import type { ComponentProps } from "react";

export function SoundPlayer(props: ComponentProps<"audio">) {
  return <audio controls preload="metadata" {...props} />;
}

export function VideoPlayer(props: ComponentProps<"video">) {
  return <video controls preload="metadata" {...props} />;
}
