"""Small BMP and PPM files of all kinds, with the pixels that Pillow's `convert("RGB")` gives. Writes test/golden/bitmaps.json."""

import base64
import io
import struct

import numpy as np
from PIL import Image

from _golden import write

rng = np.random.default_rng(7)
width, height = 7, 5


def rows_of(bits, pixels):
    """Rows of packed pixels, each filled up to a multiple of four bytes."""
    result = b""
    for row in pixels:
        if bits < 8:
            line = np.packbits(
                np.array([[(p >> (bits - 1 - b)) & 1 for b in range(bits)] for p in row], np.uint8).ravel()
            ).tobytes()
        else:
            line = b"".join(int(p).to_bytes(bits // 8, "little") for p in row)
        result += line + b"\0" * (-len(line) % 4)
    return result


def bmp(bits, pixels, compression=0, masks=(), top_down=False, size=40, colours=None, gap=0, body=None, used=0):
    palette = b"" if colours is None else b"".join(bytes([b, g, r]) + (b"" if size == 12 else b"\0") for r, g, b in colours)
    if body is None:
        body = rows_of(bits, pixels if top_down else pixels[::-1])
    if size == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        sign = -height if top_down else height
        header = struct.pack("<IiiHHIIiiII", size, width, sign, 1, bits, compression, len(body), 0, 0, used, 0)
        if masks:
            header += b"".join(struct.pack("<I", mask) for mask in masks)
        header += b"\0" * max(0, size - len(header))
    offset = 14 + len(header) + len(palette) + gap
    return struct.pack("<2sIHHI", b"BM", offset + len(body), 0, 0, offset) + header + palette + b"\xaa" * gap + body


def colours(count):
    return [tuple(int(level) for level in rng.integers(0, 256, 3)) for _ in range(count)]


def pixels(bits):
    return rng.integers(0, 2**bits, (height, width), np.int64)


def rle8(values):
    result = b""
    for row in values[::-1]:
        result += bytes([3, row[0]]) + bytes([0, 4]) + bytes(int(v) for v in row[3:7]) + b"\0\0"
    return result + b"\0\1"


def rle4(values):
    result = b""
    for row in values[::-1]:
        result += bytes([3, row[0] << 4 | row[1]]) + bytes([0, 4, row[3] << 4 | row[4], row[5] << 4 | row[6]]) + b"\0\0"
    return result + b"\0\1"


def ascii_of(values):
    return " ".join(str(v) for v in np.ravel(values)).encode() + b"\n"


grey = rng.integers(0, 256, (height, width))
colour = rng.integers(0, 256, (height, width, 3))
bits = rng.integers(0, 2, (height, width))
packed = b"".join(np.packbits(row.astype(np.uint8)).tobytes() for row in bits)
size = f"{width} {height}\n".encode()
deep = rng.integers(0, 1024, (height, width, 3))
small = rng.integers(0, 101, (height, width, 3))

files = {
    "1 bit": bmp(1, pixels(1), colours=colours(2)),
    "4 bits": bmp(4, pixels(4), colours=colours(16)),
    "8 bits": bmp(8, pixels(8), colours=colours(256)),
    "8 bits, few colours": bmp(8, pixels(3), colours=colours(8), used=8),
    "16 bits": bmp(16, pixels(15)),
    "16 bits, 565": bmp(16, pixels(16), 3, (0xF800, 0x7E0, 0x1F)),
    "24 bits": bmp(24, pixels(24)),
    "24 bits from above, pixels further behind": bmp(24, pixels(24), top_down=True, gap=10),
    "24 bits, OS/2": bmp(24, pixels(24), size=12),
    "8 bits, OS/2": bmp(8, pixels(8), size=12, colours=colours(256)),
    "32 bits": bmp(32, pixels(32)),
    "32 bits with opacity": bmp(32, pixels(32), 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), size=108),
    "32 bits in another order": bmp(32, pixels(32), 3, (0xFF000000, 0xFF0000, 0xFF00, 0xFF), size=124),
    "runs of 8 bits": bmp(8, None, 1, colours=colours(256), body=rle8(pixels(8))),
    "runs of 8 bits, with a jump": bmp(
        8, None, 1, colours=colours(256), body=b"\7\1\0\0" + b"\0\2\2\1" + b"\5\3\0\0" + b"\7\4\0\0\3\5\4\6\0\1"
    ),
    "runs of 4 bits": bmp(4, None, 2, colours=colours(16), body=rle4(pixels(4))),
    "P1": b"P1\n# a comment\n" + size + ascii_of(bits),
    "P1 without spaces": b"P1 " + size + b"".join(b"".join(b"01"[v : v + 1] for v in row) + b"\n" for row in bits),
    "P2": b"P2\n" + size + b"255\n" + ascii_of(grey),
    "P2 of 15 levels": b"P2\n" + size + b"15\n" + ascii_of(grey // 17),
    "P3": b"P3\n" + size + b"255\n" + ascii_of(colour),
    "P3 of 1023 levels": b"P3\n" + size + b"1023 # greatest\n" + ascii_of(deep),
    "P4": b"P4\n" + size + packed,
    "P5": b"P5\n" + size + b"255\n" + grey.astype(np.uint8).tobytes(),
    "P5 of 100 levels": b"P5\n" + size + b"100\n" + small[..., 0].astype(np.uint8).tobytes(),
    "P6": b"P6 #\n" + size + b"255\n" + colour.astype(np.uint8).tobytes(),
    "P6 of 1023 levels": b"P6\n" + size + b"1023\n" + deep.astype(">u2").tobytes(),
    "P6 of 65535 levels": b"P6\n" + size + b"65535\n" + (colour * 251 + 3).astype(">u2").tobytes(),
}

cases = {}
for name, data in files.items():
    image = Image.open(io.BytesIO(data))
    image.load()
    case = {"file": base64.b64encode(data).decode(), "rgb": np.asarray(image.convert("RGB")).ravel().tolist()}
    if image.mode == "RGBA":
        case["alpha"] = np.asarray(image)[..., 3].ravel().tolist()
    cases[name] = case

write("bitmaps.json", {"width": width, "height": height, "cases": cases}, ("pillow", "numpy"))
