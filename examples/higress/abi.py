"""Makes the module that Higress needs:  python3 abi.py dist/tiergate.wasm tiergate-higress.wasm

A module says by the name of an export which proxy-wasm ABI it was made for. Higress lets a filter hold the headers and
still see the body if that name is proxy_abi_version_0_2_100; a module of the standard ABI would wait for ever. Nothing
else is changed.
"""

import sys

STANDARD, HIGRESS = b"proxy_abi_version_0_2_1", b"proxy_abi_version_0_2_100"
HEADER = b"\0asm\1\0\0\0"
EXPORTS = 7


def number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def encoded(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def renamed(exports: bytes) -> bytes:
    """The section of exports with the one name changed."""
    old, new = (encoded(len(name)) + name + b"\0" for name in (STANDARD, HIGRESS))  # 0: an exported function
    if exports.count(old) != 1:
        raise SystemExit("this is no module of the proxy-wasm ABI 0.2.1")
    return exports.replace(old, new)


def for_higress(module: bytes) -> bytes:
    if not module.startswith(HEADER):
        raise SystemExit("this is no WebAssembly module")
    out, at = bytearray(HEADER), len(HEADER)
    while at < len(module):
        kind = module[at]
        size, start = number(module, at + 1)
        section = module[start : start + size]
        if kind == EXPORTS:
            section = renamed(section)
        out += bytes([kind]) + encoded(len(section)) + section
        at = start + size
    return bytes(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    with open(sys.argv[1], "rb") as source:
        made = for_higress(source.read())
    with open(sys.argv[2], "wb") as target:
        target.write(made)
