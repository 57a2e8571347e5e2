"""Measure the compressed leads of Philips Sierra before they are unpacked: a few bytes can stand for gigabytes."""

from base64 import b64decode


def unpacked_bytes(text: str, most: int) -> int:
    """Return how many bytes the leads unpack to, from the lengths of the strings of LZW alone.

    Parameters
    ----------
    text : str
        Leads in Base64, each behind a head of eight bytes that begins with its length.
    most : int
        Where to stop counting.

    Returns
    -------
    int
        The number of bytes, or one above `most`; 0 for a text that is not Base64.
    """
    try:
        content = b64decode(text)
    except ValueError:
        return 0
    at = total = 0
    while at + 8 <= len(content) and total <= most:
        size = int.from_bytes(content[at : at + 4], "little")
        total += _unpacked(content[at + 8 : at + 8 + size], most)
        at += 8 + max(size, 1)
    return total


def _unpacked(chunk: bytes, most: int) -> int:
    """Return how many bytes a stream of LZW in codes of 10 bits unpacks to."""
    lengths = dict.fromkeys(range(256), 1)
    total = before = 0
    following = 256
    for at in range(len(chunk) * 8 // 10):
        first, shift = divmod(at * 10, 8)
        code = (int.from_bytes(chunk[first : first + 3].ljust(3, b"\0"), "big") >> (14 - shift)) & 0x3FF
        if code > 1022 or total > most:
            break
        length = lengths.get(code, before + 1)
        lengths.setdefault(code, length)
        if before and following <= 1022:
            lengths[following] = before + 1
            following += 1
        before = length
        total += length
    return total
