// Photos on the phone: where they were taken, and made smaller before they are kept or sent.
const LONG_SIDE = 2048; // what is larger is reduced to this; signs and plates stay readable
const QUALITY = 0.85;
const START = 256 * 1024; // metadata stand at the beginning of a JPEG

/** The file itself, or a smaller JPEG. A picture that this browser cannot read (HEIC on Android) goes as it is. */
export async function smaller(file) {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = address;
    await image.decode(); // upright: browsers follow the orientation mark
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = LONG_SIDE / Math.max(width, height);
    if (scale >= 1) return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d", { alpha: false });
    pen.imageSmoothingQuality = "high";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", QUALITY); });
    canvas.width = canvas.height = 0; // a cheap phone needs the memory back at once
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** {lat, lon} in degrees out of a JPEG's Exif, or null. Most phones remove it from picked photos. */
export async function placeOf(file) {
  try {
    return readPlace(new DataView(await file.slice(0, START).arrayBuffer()));
  } catch {
    return null; // cut short or odd: as good as none
  }
}

function readPlace(view) {
  if (view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xda) return null;
    const exif = marker === 0xe1 && view.getUint32(at + 4) === 0x45786966; // "Exif"
    if (exif) return fromTiff(new DataView(view.buffer, at + 10));
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function fromTiff(tiff) {
  const little = tiff.getUint16(0) === 0x4949;
  const entries = (offset) => {
    const found = new Map();
    for (let n = tiff.getUint16(offset, little), at = offset + 2; n > 0; n -= 1, at += 12) found.set(tiff.getUint16(at, little), at);
    return found;
  };
  const pointer = entries(tiff.getUint32(4, little)).get(0x8825);
  if (!pointer) return null;
  const gps = entries(tiff.getUint32(pointer + 8, little));
  const degrees = (tag, referenceTag, negative) => {
    const start = tiff.getUint32(gps.get(tag) + 8, little);
    const [d, m, s] = [0, 8, 16].map((n) => tiff.getUint32(start + n, little) / tiff.getUint32(start + n + 4, little));
    const sign = String.fromCharCode(tiff.getUint8(gps.get(referenceTag) + 8)) === negative ? -1 : 1;
    return sign * (d + m / 60 + s / 3600);
  };
  const lat = degrees(2, 1, "S");
  const lon = degrees(4, 3, "W");
  const real = Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat || lon);
  return real ? { lat, lon } : null;
}
