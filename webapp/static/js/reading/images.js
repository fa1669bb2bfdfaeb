// Gray pictures, { data: Uint8Array, width, height }, and OpenCV's ways to resample them.

const CUBIC = -0.75; // the parameter of OpenCV's bicubic kernel
const GRAY_BITS = 15; // of the fixed-point weights with which OpenCV makes gray
const [RED, GREEN, BLUE] = [9798, 19235, 3735];

// Make a gray picture of ImageData, with OpenCV's weights.
export function grayOf({ data, width, height }) {
  const gray = new Uint8Array(width * height);
  const half = 1 << (GRAY_BITS - 1);
  for (let index = 0, at = 0; index < gray.length; index += 1, at += 4) {
    const sum = RED * data[at] + GREEN * data[at + 1] + BLUE * data[at + 2];
    gray[index] = (sum + half) >> GRAY_BITS;
  }
  return { data: gray, width, height };
}

export function cut(gray, left, top, width, height) {
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const start = (top + y) * gray.width + left;
    data.set(gray.data.subarray(start, start + width), y * width);
  }
  return { data, width, height };
}

// Bring a picture to a size: averaging where it shrinks, bicubic where it grows.
export function resize(gray, width, height) {
  const shrinking = width < gray.width;
  if (shrinking) return resizeArea(gray, width, height);
  if (width === gray.width && height === gray.height) return gray;
  return separable(gray, cubicTaps(gray.width, width), cubicTaps(gray.height, height));
}

// Average what falls into each pixel; scaleX, scaleY: old pixels for one new one.
export function resizeArea(
  gray, width, height, scaleX = gray.width / width, scaleY = gray.height / height,
) {
  return separable(
    gray, areaTaps(gray.width, width, scaleX), areaTaps(gray.height, height, scaleY),
  );
}

// For each new pixel, [first old pixel, its weight and the next ones'].
function areaTaps(from, to, scale) {
  return Array.from({ length: to }, (_, index) => {
    const start = index * scale;
    const end = Math.min(start + scale, from);
    const first = Math.min(Math.floor(start), from - 1);
    const last = Math.min(Math.max(Math.ceil(end), first + 1), from);
    const weights = [];
    for (let at = first; at < last; at += 1) {
      weights.push(Math.max(0, Math.min(at + 1, end) - Math.max(at, start)));
    }
    const sum = weights.reduce((total, weight) => total + weight, 0) || 1;
    return [first, weights.map((weight) => weight / sum)];
  });
}

function cubicTaps(from, to) {
  return Array.from({ length: to }, (_, index) => {
    const place = (index + 0.5) * (from / to) - 0.5;
    const first = Math.floor(place);
    return [first - 1, cubicWeights(place - first)];
  });
}

function cubicWeights(x) {
  const weights = [
    ((CUBIC * (x + 1) - 5 * CUBIC) * (x + 1) + 8 * CUBIC) * (x + 1) - 4 * CUBIC,
    ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1,
    ((CUBIC + 2) * (1 - x) - (CUBIC + 3)) * (1 - x) * (1 - x) + 1,
  ];
  return [...weights, 1 - weights[0] - weights[1] - weights[2]];
}

function separable({ data, width, height }, columns, rows) {
  const narrow = new Float32Array(columns.length * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < columns.length; x += 1) {
      const [first, weights] = columns[x];
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap += 1) {
        sum += weights[tap] * data[y * width + clamp(first + tap, width)];
      }
      narrow[y * columns.length + x] = sum;
    }
  }
  const resized = new Uint8ClampedArray(columns.length * rows.length); // rounds and clamps
  for (let y = 0; y < rows.length; y += 1) {
    const [first, weights] = rows[y];
    for (let x = 0; x < columns.length; x += 1) {
      let sum = 0;
      for (let tap = 0; tap < weights.length; tap += 1) {
        sum += weights[tap] * narrow[clamp(first + tap, height) * columns.length + x];
      }
      resized[y * columns.length + x] = sum;
    }
  }
  return { data: new Uint8Array(resized.buffer), width: columns.length, height: rows.length };
}

// Fill a square of `size` pixels a side: its pixel (x, y) is the picture's at `transform` of it,
// [[a, b, c], [d, e, f]]; outside of the picture its edge goes on.
export function warp(gray, transform, size, { cubic = false } = {}) {
  const sample = cubic ? sampleCubic : sampleLinear;
  const square = new Uint8ClampedArray(size * size);
  const [[a, b, c], [d, e, f]] = transform;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      square[y * size + x] = sample(gray, fine(a * x + b * y + c), fine(d * x + e * y + f));
    }
  }
  return { data: new Uint8Array(square.buffer), width: size, height: size };
}

// OpenCV resolves places to the 32nd part of a pixel.
function fine(place) {
  return Math.round(place * 32) / 32;
}

function sampleLinear({ data, width, height }, x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const [across, down] = [x - left, y - top];
  const [x0, x1] = [clamp(left, width), clamp(left + 1, width)];
  const [y0, y1] = [clamp(top, height) * width, clamp(top + 1, height) * width];
  const above = data[y0 + x0] + across * (data[y0 + x1] - data[y0 + x0]);
  const below = data[y1 + x0] + across * (data[y1 + x1] - data[y1 + x0]);
  return above + down * (below - above);
}

function sampleCubic({ data, width, height }, x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const across = cubicWeights(x - left);
  const down = cubicWeights(y - top);
  let sum = 0;
  for (let row = 0; row < 4; row += 1) {
    const start = clamp(top - 1 + row, height) * width;
    let line = 0;
    for (let column = 0; column < 4; column += 1) {
      line += across[column] * data[start + clamp(left - 1 + column, width)];
    }
    sum += down[row] * line;
  }
  return sum;
}

function clamp(index, length) {
  if (index < 0) return 0;
  return index < length ? index : length - 1;
}

// Encode a gray square as a data URL, which an <img> and a canvas can show: a BMP is nothing but
// a header and the rows, from the last to the first.
export function dataUrl({ data, width, height }) {
  const [header, palette] = [54, 1024];
  const row = Math.ceil(width / 4) * 4;
  const bytes = new Uint8Array(header + palette + row * height);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]); // "BM"
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, header + palette, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  for (let level = 0; level < 256; level += 1) bytes.fill(level, header + 4 * level, header + 4 * level + 3);
  for (let y = 0; y < height; y += 1) {
    bytes.set(data.subarray(y * width, (y + 1) * width), header + palette + (height - 1 - y) * row);
  }
  return `data:image/bmp;base64,${btoa(String.fromCharCode(...bytes))}`;
}
