// Codes out of pictures: by the browser's own BarcodeDetector where it knows QR codes, otherwise by
// ZXing (WebAssembly) in a worker. Both leave the picture on this device.

const DECODER = "/verify/files/decoder.js";
const QR = "qr_code";
// Dots of a picture's longer side that are looked at: more takes phones seconds.
const LARGEST = 2000;

/** Reads pictures; made by `codeReader`. */
class NativeReader {
  constructor(detector) {
    this.detector = detector;
  }

  async read(source) {
    const found = await this.detector.detect(source);
    return found.map((one) => ({ text: one.rawValue, isQr: one.format === QR }));
  }
}

class WorkerReader {
  constructor() {
    this.worker = new Worker(DECODER);
    this.waiting = new Map();
    this.asked = 0;
    this.worker.addEventListener("message", ({ data }) => {
      this.waiting.get(data.number)?.resolve(data.codes);
      this.waiting.delete(data.number);
    });
    this.worker.addEventListener("error", () => {
      for (const one of this.waiting.values()) one.reject(new Error("the decoder failed"));
      this.waiting.clear();
    });
    this.canvas = document.createElement("canvas");
    this.drawing = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  read(source) {
    const picture = this.drawn(source);
    const number = (this.asked += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      const { width, height, data } = picture;
      // Codes of other kinds are looked for now and then: it takes several times as long.
      const every = number % 4 === 0 || !(source instanceof HTMLVideoElement);
      this.worker.postMessage({ number, width, height, pixels: data.buffer, every }, [data.buffer]);
    });
  }

  drawn(source) {
    const [width, height] = [source.videoWidth || source.width, source.videoHeight || source.height];
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    this.canvas.width = Math.max(1, Math.round(width * scale));
    this.canvas.height = Math.max(1, Math.round(height * scale));
    // What is transparent would be black, and the code's quiet zone with it.
    this.drawing.fillStyle = "#fff";
    this.drawing.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawing.drawImage(source, 0, 0, this.canvas.width, this.canvas.height);
    return this.drawing.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }
}

export async function codeReader() {
  try {
    const formats = await BarcodeDetector.getSupportedFormats();
    if (formats.includes(QR)) return new NativeReader(new BarcodeDetector({ formats }));
  } catch (error) {
    // No such thing in this browser.
  }
  return new WorkerReader();
}
