// The worker that looks for codes in pictures, with ZXing in WebAssembly.

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

const QR = ["QRCode"];
const EVERY = ["QRCode", "MicroQRCode", "Aztec", "DataMatrix", "PDF417", "EAN13", "Code128"];
const ADDRESS = "/verify/files/zxing_reader.wasm";

prepareZXingModule({ overrides: { locateFile: () => ADDRESS } });

self.addEventListener("message", async ({ data }) => {
  const { number, width, height, pixels, every } = data;
  const picture = new ImageData(new Uint8ClampedArray(pixels), width, height);
  const found = await readBarcodes(picture, { formats: every ? EVERY : QR, textMode: "Plain" });
  const codes = found
    .filter((one) => one.isValid)
    .map((one) => ({ text: one.text, isQr: one.symbology === "QRCode" || one.format === "QRCode" }));
  self.postMessage({ number, codes });
});
