/** Looks at the page as it is, just before React changes it: hooks have no such moment. */
import { Component } from "react";

interface BeforeChangeProps {
  /** Called before each change of the component that this is part of: give it another function each time. */
  readonly look: () => void;
}

export class BeforeChange extends Component<BeforeChangeProps> {
  /** The function of before knows what the page shows now. */
  override getSnapshotBeforeUpdate({ look }: Readonly<BeforeChangeProps>): null {
    look();
    return null;
  }

  // React asks for it beside the above.
  override componentDidUpdate(): void {}

  override render(): null {
    return null;
  }
}
