/** React where there is no browser: a hook is called in a component, and what it gives is read from outside. */
import { Window } from "happy-dom";
import { type ReactNode, Suspense, useEffect } from "react";
import { onTestFinished, vi } from "vitest";

const window = new Window();
vi.stubGlobal("window", window);
vi.stubGlobal("document", window.document);
vi.stubGlobal("navigator", window.navigator);
vi.stubGlobal("FormData", window.FormData);
// It looks for a document when it is loaded.
const { createRoot } = await import("react-dom/client");

interface ProbeProps<T> {
  readonly useValue: () => T;
  readonly rendered: (value: T) => void;
}

function Probe<T>({ useValue, rendered }: ProbeProps<T>): ReactNode {
  const value = useValue();
  useEffect(() => rendered(value));
  return null;
}

/** A component on a page. */
export function renderPage(page: ReactNode): HTMLElement {
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  onTestFinished(() => {
    root.unmount();
    place.remove();
  });
  root.render(page);
  return place;
}

/** What the hook gives now; it is rendered when this resolves. */
export async function renderHook<T>(useValue: () => T, wrap: (children: ReactNode) => ReactNode): Promise<() => T> {
  let latest: { readonly value: T } | undefined;
  const root = createRoot(document.createElement("div"));
  onTestFinished(() => root.unmount());
  await new Promise<void>((resolve) => {
    const rendered = (value: T) => {
      latest = { value };
      resolve();
    };
    root.render(
      wrap(
        <Suspense>
          <Probe useValue={useValue} rendered={rendered} />
        </Suspense>,
      ),
    );
  });
  return () => {
    if (latest === undefined) throw new Error("nothing was rendered");
    return latest.value;
  };
}
