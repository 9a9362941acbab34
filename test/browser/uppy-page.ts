/** A page that uploads with Uppy, as an app that has not taken the SDK would. */
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";

declare global {
  interface Window {
    /** @returns what went wrong; null where nothing did */
    uploadWithUppy: (endpoint: string, ticket: string, size: number) => Promise<string | null>;
  }
}

window.uploadWithUppy = async (endpoint, ticket, size) => {
  const uppy = new Uppy().use(Tus, {
    endpoint,
    headers: { Authorization: `Bearer ${ticket}` },
    retryDelays: [0, 100, 100, 100, 100, 100],
  });
  const data = new Blob([Uint8Array.from({ length: size }, (_, index) => index % 251)]);
  uppy.addFile({ name: "all of it.bin", type: "application/octet-stream", data });
  const result = await uppy.upload();
  return result?.successful?.length === 1 ? null : (result?.failed?.[0]?.error ?? "it did not end");
};
